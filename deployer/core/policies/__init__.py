"""The policy documents that the deployer writes or asks for, and the rights in them. Pure."""
