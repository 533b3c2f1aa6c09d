"""A local Meta: Graph API, signed webhooks with redelivery, and a chat page to write as a WhatsApp user."""

from deployer.local.meta.app import create_meta
from deployer.local.meta.config import MetaConfig

__all__ = ["MetaConfig", "create_meta"]
