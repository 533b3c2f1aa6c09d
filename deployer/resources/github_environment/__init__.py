"""The environments of a repository on GitHub: who may deploy there, their variables and their secrets.

Its files are those of every kind of resource, but it is not in the registry: a reconcile has no credentials of GitHub.
`deployer ci github-sync` compares and applies it, and its rights are those of a token.
"""
