"""The service on its target: its deployment, its pause, its settings."""
