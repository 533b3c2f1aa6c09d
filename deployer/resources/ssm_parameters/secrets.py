"""Find the value of a secret that is to be written."""

from __future__ import annotations

import secrets

from deployer.aws import ssm
from deployer.aws.session import Session
from deployer.core.desired import DesiredParameter
from deployer.core.secret import SecretValue
from deployer.errors import DeployerError, StateUnknown
from deployer.world_keys import NONE
from deployer.world_routes import ask


def make(parameter: DesiredParameter, session: Session) -> SecretValue:
    """Read the older version to bring back, generate the secret, or fetch it from the local world."""
    if parameter.restore is not None:
        older = ssm.reveal_version(session.ssm, parameter.path, parameter.restore)
        if older is None:
            raise StateUnknown(f"version {parameter.restore} of {parameter.path} is no longer in SSM", fix="run again")
        return older
    return generate(parameter) or _from_local_world(parameter, session)


def generate(parameter: DesiredParameter) -> SecretValue | None:
    """A new random value, as the manifest describes it; None for a secret that is not generated."""
    origin, _, size = parameter.origin.partition(":")
    return SecretValue(secrets.token_urlsafe(int(size))) if origin == "generate" else None


def _from_local_world(parameter: DesiredParameter, session: Session) -> SecretValue:
    address = f"{session.endpoint}/_local/secrets/{parameter.name}"
    try:
        return SecretValue(ask(address, session.world_keys() or NONE)["value"])
    except (OSError, ValueError, KeyError):
        raise DeployerError(
            f"{parameter.line}: the local world provides no secret {parameter.name}",
            fix="give it `generate: 32` instead of `source: local-world`, or set it: "
            f"just secret set local {parameter.name}",
        ) from None
