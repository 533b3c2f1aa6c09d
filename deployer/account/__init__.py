"""What an account must allow: the policies for deploying, and the steps that prepare an account. Pure."""
