"""The ECR repository, its rules, and the images in it."""
