"""Read everything a plan stands on, at once. A read that fails ends the run; it never becomes "nothing there"."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from deployer.aws import ecr, iam, ledger, lock, ssm
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.facts import Facts, ParameterFact
from deployer.targets.base import Target


def observe(session: Session, target: Target, desired: Desired) -> Facts:
    """The live state of all that is wanted. Calls that need no other's answer run side by side."""
    # Clients are made here, one after the other: making them is not thread-safe, using them is.
    ssm_client, ecr_client = session.ssm, session.ecr
    iam_client = session.iam if desired.roles else None
    wanted, path = desired.image, desired.parameter_path
    with ThreadPoolExecutor(16) as pool:
        service = pool.submit(target.observe, desired.service_name)
        described = pool.submit(ssm.describe, ssm_client, path)
        tagged = pool.submit(ssm.ours, ssm_client, path)
        names = [parameter.path for parameter in desired.parameters]
        values = [pool.submit(ssm.read, ssm_client, batch) for batch in ssm.batches(names)]
        releases = pool.submit(ledger.read, ssm_client, desired.ledger)
        held = pool.submit(lock.read, ssm_client, desired.ledger)
        repository = pool.submit(ecr.read_repository, ecr_client, wanted.repository)
        image = pool.submit(
            ecr.read_image, ecr_client, wanted.repository, wanted.tag, None if wanted.here else wanted.digest
        )
        roles = {role.name: pool.submit(iam.read_role, iam_client, role.name) for role in desired.roles if iam_client}
        restorable = pool.submit(_restorable, session, desired)
        read: dict[str, ParameterFact] = {}
        for batch in values:
            read |= batch.result()
        found, scalings = service.result()
        return Facts(
            account=desired.account,
            region=desired.region,
            parameters=ssm.together(described.result(), read, tagged.result()),
            repository=repository.result(),
            image=image.result(),
            roles={name: role.result() for name, role in roles.items()},
            scalings=scalings,
            service=found,
            releases=releases.result(),
            lock=held.result(),
            restorable=restorable.result(),
        )


def _restorable(session: Session, desired: Desired) -> dict[str, str]:
    """For each secret whose older version is wanted back: whether it is the same, differs, or is gone.

    Both are compared in memory and dropped.
    """
    states: dict[str, str] = {}
    for wanted in desired.parameters:
        if wanted.restore is None:
            continue
        older = ssm.reveal_version(session.ssm, wanted.path, wanted.restore)
        now = ssm.reveal(session.ssm, [wanted.path]).get(wanted.path)
        states[wanted.path] = "gone" if older is None else "same" if older == now else "different"
    return states
