"""Write a manifest for an existing service: what it adopts, what it leaves out and why, and what a plan still shows."""
