"""What the deployer keeps equal to the manifest: a folder for each kind of thing, and the planner over all of them."""
