"""The hold that a rollback puts on an environment."""
