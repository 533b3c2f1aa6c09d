"""The changes that the first plan of an adopted environment shows: what the deployer adds to every service."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.adoption.live import Live
from deployer.core.adoption.variables import Choice
from deployer.core.release import RELEASE_VARIABLE
from deployer.core.target import ServiceStatus


def expected(live: Live, choice: Choice) -> tuple[str, ...]:
    """One sentence for each kind of change."""
    return (*_variables(live, choice), *_image(live), *_service(live))


def _variables(live: Live, choice: Choice) -> Iterator[str]:
    taken, left = choice.taken, choice.left
    if unset := [one.name for one in taken if one.command]:
        yield f"it is blocked until these secrets are set: {', '.join(unset)}"
    facts = [live.parameters.get(f"{live.parameter_path}/{one.name}") for one in taken if not one.command]
    foreign = sum(fact is not None and not fact.ours for fact in facts)
    if foreign:
        made = "1 parameter" if foreign == 1 else f"{foreign} parameters"
        yield f"{made} made elsewhere: tagged managed-by, so that the deployer manages them; their values stay"
    if any(one.name.startswith("/") for one in left):
        yield "parameters that are left out below: left alone"
    if any(one.reaches for one in left):
        yield "variables that are left out below and that the service has now: the deployment removes them"


def _image(live: Live) -> Iterator[str]:
    found = live.repository
    if found is None:
        yield f"repository {live.source.repository}: it is gone; it will be recreated"
    elif not (found.immutable and found.scan_on_push):
        yield f"repository {live.source.repository}: tags that cannot be moved, and a scan of each image"
    if found is None or found.lifecycle is None:
        yield f"lifecycle {live.source.repository}: old images expire, those that were released stay"
    else:
        yield f"lifecycle {live.source.repository}: its rules are replaced by those of the deployer"
    yield "a second tag for the image, so that it is kept as long as it is a release"


def _service(live: Live) -> Iterator[str]:
    spec, name = live.service.spec, live.source.service
    if live.service.status is ServiceStatus.PAUSED:
        yield f"service {name}: it is paused; nothing is deployed before: just resume ENV --old-release-first"
    yield from live.target.adoption.expected(live)
    yield f"service {name}: the tags managed-by, app and environment, where they differ"
    if RELEASE_VARIABLE not in spec.environment:
        yield f"deploy {name}: {RELEASE_VARIABLE} is set, so that the public URL shows which release it serves"
    if live.source.tag:
        yield f"deploy {name}: the image of the current commit, by its digest; of {live.source.tag} with --image"
    yield from live.target.adoption.removed(live)
    if any(reference.startswith("/") for reference in spec.secrets.values()):
        yield f"deploy {name}: parameters by their ARNs instead of their names"
