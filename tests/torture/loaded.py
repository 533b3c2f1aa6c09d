"""What every command needs, loaded before the first one is forked."""

from __future__ import annotations

import httpx

import deployer.cli
import deployer.verbs.plan
import deployer.verbs.reconcile
import deployer.verbs.releases
import deployer.verbs.secret

__all__ = ["deployer", "httpx"]
