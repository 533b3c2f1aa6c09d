"""What a command may need, loaded before the first one is forked. The local world is always a process of its own."""

from __future__ import annotations

import importlib
import pkgutil

import httpcore  # noqa: F401 -- httpx loads it for its first client

import deployer
from deployer.aws.session import Session

for module in pkgutil.walk_packages(deployer.__path__, "deployer."):
    if not module.name.startswith("deployer.local."):
        importlib.import_module(module.name)

session = Session("000000000000", "us-west-2", "http://127.0.0.1:9")
for name in ("sts", "ssm", "ecr", "iam", "logs", "apprunner"):
    session.client(name, {}, {})  # its description is read; no call is made
