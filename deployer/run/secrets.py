"""Where the value of an absent secret comes from."""

from __future__ import annotations

import json
import secrets
import urllib.request

from deployer.core.desired import WantedParameter
from deployer.core.secret import SecretValue
from deployer.errors import DeployerError


def make(parameter: WantedParameter, endpoint: str | None) -> SecretValue:
    """Generate the secret, or fetch it from the local world beside the local AWS at `endpoint`."""
    origin, _, size = parameter.origin.partition(":")
    if origin == "generate":
        return SecretValue(secrets.token_urlsafe(int(size)))
    try:
        with urllib.request.urlopen(f"{endpoint}/_local/secrets/{parameter.name}", timeout=5) as answer:  # noqa: S310
            return SecretValue(json.load(answer)["value"])
    except (OSError, ValueError, KeyError):
        raise DeployerError(
            f"{parameter.line}: the local world hands out no secret {parameter.name}",
            fix="give it `generate: 32` instead of `source: local-world`, or set it: "
            f"just secret set local {parameter.name}",
        ) from None
