"""A local ansari-backend: the real contract, sample answers, and switches for every failure."""

from deployer.local.backend.app import create_backend

__all__ = ["create_backend"]
