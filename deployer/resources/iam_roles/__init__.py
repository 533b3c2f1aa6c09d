"""The IAM roles that the manifest lets the deployer manage."""
