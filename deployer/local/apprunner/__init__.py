"""The local App Runner: its API, its operations, and the instances it runs."""

from __future__ import annotations

from deployer.local.apprunner.emulator import AppRunner
from deployer.local.apprunner.limits import Limits

__all__ = ["AppRunner", "Limits"]
