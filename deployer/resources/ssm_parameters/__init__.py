"""The SSM parameters below the environment's path."""
