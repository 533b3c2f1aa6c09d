"""`deployer doctor`: check everything that can keep a person from deploying."""
