"""GitHub workflows, rendered from the manifests. Nothing here reads a file or the network."""
