"""One file for each verb of `deployer ci`."""
