"""The verbs of `deployer ci`, one file each."""
