"""What the deployer knows of a service that it deploys. Nothing else in the deployer names a service."""
