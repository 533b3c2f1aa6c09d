"""The resources that the deployer keeps equal to the manifest: a folder for each kind, and the planner over all."""
