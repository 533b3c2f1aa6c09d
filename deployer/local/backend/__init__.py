"""An ansari-backend for this machine: the real contract, sample answers, and switches for everything that breaks."""

from deployer.local.backend.app import create_backend

__all__ = ["create_backend"]
