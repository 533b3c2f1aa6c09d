"""What a manifest asks of GitHub, what GitHub has, and the plan between them; pure."""
