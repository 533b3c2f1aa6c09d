"""Read everything a plan stands on, at once. A read that fails ends the run; it never becomes "nothing there"."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from deployer.aws import ecr, iam, ledger, ssm
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.facts import Facts, RecordedRelease
from deployer.targets.base import Target


def observe(session: Session, target: Target, desired: Desired) -> Facts:
    """The live state of all that the manifest names. Calls that need no other's answer run side by side."""
    # Clients are made here, one after the other: making them is not thread-safe, using them is.
    ssm_client, ecr_client = session.ssm, session.ecr
    iam_client = session.iam if desired.roles else None
    with ThreadPoolExecutor(8) as pool:
        parameters = pool.submit(ssm.read_path, ssm_client, desired.parameter_path)
        releases = pool.submit(ledger.read, ssm_client, desired.ledger)
        repository = pool.submit(ecr.read_repository, ecr_client, desired.image.repository)
        digest = pool.submit(ecr.read_digest, ecr_client, desired.image.repository, desired.image.tag)
        service = pool.submit(target.observe, desired.service_name)
        scaling = pool.submit(target.find_scaling, desired.service_name, desired.spec.scaling)
        roles = {role.name: pool.submit(iam.read_role, iam_client, role.name) for role in desired.roles if iam_client}
        return Facts(
            account=desired.account,
            region=desired.region,
            parameters=parameters.result(),
            repository=repository.result(),
            image_digest=digest.result(),
            roles={name: role.result() for name, role in roles.items()},
            scaling_arn=scaling.result(),
            service=service.result(),
            recorded=_last_healthy(releases.result()),
        )


def _last_healthy(releases: list[RecordedRelease]) -> RecordedRelease | None:
    """What the containers hold: a failed release left the one before it running."""
    return next((entry for entry in reversed(releases) if entry.release.outcome == "healthy"), None)
