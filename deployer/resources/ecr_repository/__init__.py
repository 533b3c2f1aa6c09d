"""The ECR repository, its lifecycle policy, and the images in it."""
