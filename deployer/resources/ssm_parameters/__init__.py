"""The SSM parameters below the environment's path, and how the service is given its variables."""
