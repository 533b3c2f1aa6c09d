"""What an account must allow: the policies of those who deploy, and the steps that prepare an account. Pure."""
