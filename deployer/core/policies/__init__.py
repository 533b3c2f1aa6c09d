"""Every policy document that the deployer writes or asks for, and the rights they are made of. Pure."""
