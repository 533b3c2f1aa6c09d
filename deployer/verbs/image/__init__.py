"""The verbs of `deployer image`."""
