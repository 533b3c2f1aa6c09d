"""A manifest for what exists already: what it takes over, what it leaves out and why, what a plan still shows."""
