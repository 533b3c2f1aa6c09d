"""Read everything that a plan depends on, in parallel. A failed read ends the run; it never counts as absent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from deployer.aws import hold, ledger, lock, lock_record
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.hold import Hold
from deployer.core.observed import Observed
from deployer.resources.kind import Reading, Records
from deployer.resources.registry import KINDS
from deployer.targets.base import Target
from deployer.targets.registry import RECORDED


def observe_environment(session: Session, target: Target, desired: Desired, *, prune: bool = False) -> Observed:
    """The live state of everything that is desired. Calls that need no other call's answer run in parallel.

    With `prune` the plan may delete parameters, so the tags of those that the manifest does not name are read.
    """
    # Each client is created in this thread, while the calls of the others are under way: creating one is not
    # thread-safe, using it is.
    path = desired.ledger
    names = (lock.parameter(path), ledger.intention(path), hold.parameter(path))
    records = Records(names)
    with ThreadPoolExecutor(16) as pool:
        reading = Reading(session, desired, pool, prune=prune, records=records)
        service = pool.submit(target.observe, desired.service_name)
        collects = [kind.observe(reading) for kind in KINDS]
        releases = pool.submit(ledger.read, session.ssm, path, RECORDED)
        observed = Observed(desired.account, desired.region)
        for collect in collects:
            observed = collect(observed)
        held, intended, holds = (records.found.get(name) for name in names)
        live, scalings = service.result()
        return replace(
            observed,
            scalings=scalings,
            service=live,
            releases=releases.result(),
            lock=lock_record.observed_lock(held.value or "") if held else None,
            intended=ledger.intended(intended.value or "", RECORDED) if intended else None,
            hold=Hold.from_text(holds.value or "") if holds else None,
        )
