"""The command line: a word chooses a verb, a verb is one function. stdout carries data, stderr progress."""

from __future__ import annotations

from collections.abc import Sequence

from deployer.cli import bootstrap, ci, completion, deploy, image, inbox, local, manifest, secret, service_state, watch
from deployer.cli.command import Group, choose

DEPLOYER = Group(
    "Keep AWS equal to one manifest per environment.",
    {
        **deploy.VERBS,
        **service_state.VERBS,
        **image.VERBS,
        **watch.VERBS,
        **inbox.VERBS,
        **manifest.VERBS,
        **secret.VERBS,
        **bootstrap.VERBS,
        **ci.VERBS,
        **local.VERBS,
        **completion.VERBS,
    },
)


def run(arguments: Sequence[str]) -> int:
    """Read and run one verb; returns its exit code. Raises DeployerError."""
    verb, options = choose("deployer", DEPLOYER, arguments)
    return verb(options)
