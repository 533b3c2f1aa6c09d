"""`deployer doctor`: what keeps a person from deploying, looked at one thing after another."""
