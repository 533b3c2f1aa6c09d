"""What a manifest wants of GitHub, what GitHub has, and the plan between them; pure."""
