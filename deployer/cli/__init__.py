"""The command line: a word chooses a verb, a verb is one function. stdout carries data, stderr progress."""

from __future__ import annotations

from collections.abc import Sequence

from deployer.cli import ci, deploy, local, manifest, secret, watch
from deployer.cli.command import Group, choose
from deployer.errors import UsageError

DEPLOYER = Group(
    "Keep AWS equal to one manifest per environment.",
    {**deploy.VERBS, **watch.VERBS, **manifest.VERBS, **secret.VERBS, **ci.VERBS, **local.VERBS},
)


def run(arguments: Sequence[str]) -> int:
    """Read and run one verb; returns its exit code. Raises DeployerError."""
    verb, options = choose("deployer", DEPLOYER, arguments)
    if empty := next((name for name in ("image", "approve", "service") if getattr(options, name, None) == ""), None):
        raise UsageError(f"--{empty} is empty", fix="leave it out, or look at where its value should have come from")
    return verb(options)
