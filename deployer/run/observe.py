"""Read everything a plan stands on, at once. A read that fails ends the run; it never becomes "nothing there"."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from deployer.aws import ecr, hold, iam, ledger, lock, lock_record, ssm
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.facts import Facts, ParameterFact
from deployer.core.hold import Hold
from deployer.targets.base import Target


def observe(session: Session, target: Target, desired: Desired, *, prune: bool = False) -> Facts:
    """The live state of all that is wanted. Calls that need no other's answer run side by side.

    With `prune` the plan may delete parameters, so the tags of those that the manifest does not name are read.
    """
    # Each client is made in this thread, while the calls of the others are under way: making one is not
    # thread-safe, using it is.
    wanted, path = desired.image, desired.parameter_path
    with ThreadPoolExecutor(16) as pool:
        service = pool.submit(target.observe, desired.service_name)
        described = pool.submit(ssm.describe, session.ssm, path)
        tagged = pool.submit(ssm.ours, session.ssm, path)
        ours = (lock.parameter(desired.ledger), ledger.intention(desired.ledger), hold.parameter(desired.ledger))
        names = [*(parameter.path for parameter in desired.parameters), *ours]
        values = [pool.submit(ssm.read, session.ssm, batch) for batch in ssm.batches(names)]
        releases = pool.submit(ledger.read, session.ssm, desired.ledger)
        restorable = pool.submit(_restorable, session, desired)
        roles = {r.name: pool.submit(iam.read_role, session.iam, r.name, r.policy_name) for r in desired.roles}
        digest = None if wanted.here else wanted.digest
        repository = pool.submit(ecr.read_repository, session.ecr, wanted.repository)
        image = pool.submit(ecr.read_image, session.ecr, wanted.repository, wanted.tag, digest)
        read: dict[str, ParameterFact] = {}
        for batch in values:
            read |= batch.result()
        held, intended, holds = (read.pop(name, None) for name in ours)
        marked = tagged.result()
        if prune:
            marked -= unmarked(pool, session, marked - read.keys())
        found, scalings = service.result()
        return Facts(
            account=desired.account,
            region=desired.region,
            parameters=ssm.together(described.result(), read, marked),
            repository=repository.result(),
            image=image.result(),
            roles={name: role.result() for name, role in roles.items()},
            scalings=scalings,
            service=found,
            releases=releases.result(),
            lock=lock_record.fact(held.value or "") if held else None,
            intended=ledger.intended(intended.value or "") if intended else None,
            restorable=restorable.result(),
            hold=Hold.from_text(holds.value or "") if holds else None,
        )


def unmarked(pool: ThreadPoolExecutor, session: Session, names: set[str]) -> set[str]:
    """Those that lack the deployer's tag, although they were listed as having it.

    A server may ignore a filter that it does not know.
    """
    carries = {name: pool.submit(ssm.carries_tag, session.ssm, name) for name in names}
    return {name for name, tagged in carries.items() if not tagged.result()}


def _restorable(session: Session, desired: Desired) -> dict[str, str]:
    """For each secret whose older version is wanted back: whether it is the same, differs, or is gone.

    Both are compared in memory and dropped.
    """
    states: dict[str, str] = {}
    for wanted in desired.parameters:
        if wanted.restore is None:
            continue
        older = ssm.reveal_version(session.ssm, wanted.path, wanted.restore, made_by=wanted.restore_by)
        now = ssm.reveal(session.ssm, [wanted.path]).get(wanted.path)
        states[wanted.path] = "gone" if older is None else "same" if older == now else "different"
    return states
