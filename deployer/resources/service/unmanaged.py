"""Settings of a service that its manifest does not name: updates keep and show them, and no recreate loses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deployer.core.cause import Cause, CauseKind, State, text_or_none
from deployer.core.desired import Desired
from deployer.core.observed import ObservedService
from deployer.core.release import Release
from deployer.resources.service.blocker import FixedSetting, LostSettings
from deployer.resources.service.notice import UnmanagedSetting

UNKNOWN = "a setting that this version of the deployer does not know"  # in the form that the ledger records


def unmanaged_settings(desired: Desired, live: ObservedService) -> dict[str, str]:
    """Each such setting as `name -> value`, without those that have AWS's default."""
    unmanaged = desired.settings.left_out(live.spec.settings)
    unmanaged |= {name: value for name, value in live.fixed.items() if name not in desired.fixed}
    return unmanaged | dict.fromkeys(live.unmodelled, UNKNOWN)


def notices(desired: Desired, live: ObservedService, last: Release | None) -> Iterator[UnmanagedSetting]:
    """A notice for each setting. It has drifted when the running release was recorded without it."""
    recorded = last.unmanaged if last else None
    for name, value in unmanaged_settings(desired, live).items():
        drifted = recorded is not None and recorded.get(name) != value
        cause = Cause(
            kind=CauseKind.DRIFT if drifted else CauseKind.UNMANAGED,
            subject="setting",
            name=name,
            recorded=text_or_none(recorded.get(name)) if recorded is not None else None,
            live=State(value=value),
        )
        shown = None if value == UNKNOWN else value
        yield UnmanagedSetting(name, shown, cause=cause, line=desired.lines["service"])


def lost(desired: Desired, last: Release | None) -> Iterator[LostSettings]:
    """The blocker when a service that is gone had such settings: the new service would lack them."""
    recorded: Mapping[str, str] = (last.unmanaged if last else None) or {}
    named = set(_named(desired))
    if gone := {name: value for name, value in recorded.items() if name.partition(".")[0] not in named}:
        yield LostSettings(desired.service_name, gone, line=desired.lines["service"])


def fixed(desired: Desired, live: ObservedService) -> Iterator[FixedSetting]:
    """The blocker for each setting that differs and that the target takes only when it creates a service."""
    for name, value in desired.fixed.items():
        has = live.fixed.get(name, desired.target.fixed[name])
        if has != value:
            yield FixedSetting(desired.service_name, name, has, value, line=desired.lines["service"])


def _named(desired: Desired) -> Iterator[str]:
    yield from sorted(desired.settings.named)
    yield from (name.partition(".")[0] for name in desired.fixed)
