"""Read the parameters below the environment's path, with the ledger's in the same calls. No secret is read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from deployer.aws import ssm
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.observed import Observed, ObservedParameter
from deployer.resources.kind import Collect, Reading


def observe_parameters(reading: Reading) -> Collect:
    """Every parameter below the path, and the ledger's records."""
    session, desired, pool, records = reading.session, reading.desired, reading.pool, reading.records
    described = pool.submit(ssm.describe, session.ssm, desired.parameter_path)
    tagged = pool.submit(ssm.ours, session.ssm, desired.parameter_path)
    names = [*(parameter.path for parameter in desired.parameters), *records.names]
    values = [pool.submit(ssm.read, session.ssm, batch) for batch in ssm.batches(names)]
    restorable = pool.submit(_restorable, session, desired)

    def collect(observed: Observed) -> Observed:
        read: dict[str, ObservedParameter] = {}
        for batch in values:
            read |= batch.result()
        records.found.update((name, read.pop(name)) for name in records.names if name in read)
        marked = tagged.result()
        if reading.prune:
            marked -= unmarked(pool, session, marked - read.keys())
        parameters = ssm.together(described.result(), read, marked)
        return replace(observed, parameters=parameters, restorable=restorable.result())

    return collect


def unmarked(pool: ThreadPoolExecutor, session: Session, names: set[str]) -> set[str]:
    """The parameters that lack the deployer's tag, although they were listed as having it.

    A server may ignore a filter that it does not know.
    """
    carries = {name: pool.submit(ssm.carries_tag, session.ssm, name) for name in names}
    return {name for name, tagged in carries.items() if not tagged.result()}


def _restorable(session: Session, desired: Desired) -> dict[str, str]:
    """Compare each secret with its older version that is desired: it is the same, differs, or is gone.

    Both values are compared in memory and dropped.
    """
    states: dict[str, str] = {}
    for parameter in desired.parameters:
        if parameter.restore is None:
            continue
        older = ssm.reveal_version(session.ssm, parameter.path, parameter.restore, made_by=parameter.restore_by)
        now = ssm.reveal(session.ssm, [parameter.path]).get(parameter.path)
        states[parameter.path] = "gone" if older is None else "same" if older == now else "different"
    return states
