"""Delete the parameters of an environment: secrets only when asked for, because no value can be recovered."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from deployer.aws import ssm
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.reason import NeedsOption, NotOurs
from deployer.core.release import replaced_path
from deployer.resources.kind import CollectRemains, Reading
from deployer.resources.removal import KeptResource, Remains, Removal, RemovalOptions
from deployer.resources.ssm_parameters.observed import unmarked
from deployer.resources.ssm_parameters.reason import BelowThePath


def remaining_parameters(reading: Reading) -> CollectRemains:
    """Read the parameters below the environment's path, and the values kept when a parameter was recreated."""
    session, desired, pool = reading.session, reading.desired, reading.pool
    described = pool.submit(ssm.describe, session.ssm, desired.parameter_path)
    tagged = pool.submit(ssm.ours, session.ssm, desired.parameter_path)
    replaced = pool.submit(ssm.describe, session.ssm, replaced_path(desired.ledger, "").removesuffix("/"))

    def collect(remains: Remains) -> Remains:
        marked = tagged.result() - unmarked(pool, session, tagged.result())
        parameters = ssm.together(described.result(), {}, marked)
        return replace(remains, parameters=parameters, replaced=tuple(sorted(replaced.result())))

    return collect


def remove_parameters(desired: Desired, remains: Remains, options: RemovalOptions) -> Iterator[Removal | KeptResource]:
    """Decide about each parameter. Pure."""
    for path, parameter in sorted(remains.parameters.items()):
        if path.rpartition("/")[0] != desired.parameter_path:
            yield KeptResource("parameter", path, BelowThePath())
        elif not parameter.ours:
            yield KeptResource("parameter", path, NotOurs())
        elif parameter.secure:
            yield _secret(path, options)
        else:
            yield Removal("parameter", path)
    for path in remains.replaced:
        yield _secret(path, options)


def _secret(path: str, options: RemovalOptions) -> Removal | KeptResource:
    if options.secrets:
        return Removal("secret", path)
    return KeptResource("secret", path, NeedsOption("--with-secrets"))


def delete_parameter(session: Session, desired: Desired, removal: Removal) -> None:
    """Delete one parameter with its history."""
    del desired
    ssm.delete(session.ssm, removal.name)
