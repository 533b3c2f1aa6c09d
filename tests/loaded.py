"""What a command may need, loaded before the first one is forked. The local world is always a process of its own."""

from __future__ import annotations

import importlib
import pkgutil

import deployer

for module in pkgutil.walk_packages(deployer.__path__, "deployer."):
    if not module.name.startswith("deployer.local."):
        importlib.import_module(module.name)
