"""The checks of `deployer doctor`: this machine, the local world, the AWS account. They change nothing."""
