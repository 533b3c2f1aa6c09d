"""Choose the release to roll back to, and compute the desired state that repeats it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from deployer import names
from deployer.core.desired import Desired, DesiredParameter
from deployer.core.release import RecordedRelease, before, last_healthy
from deployer.errors import Refused, UsageError


def choose(
    releases: Sequence[RecordedRelease],
    number: int | None,
    environment: str,
    *,
    runs: bool = True,
    with_secrets: bool = False,
) -> RecordedRelease:
    """The release to roll back to: the release with this number, or the last healthy one before the running release.

    A release that differs from the running one only in secrets is skipped, unless secrets are brought back too: rolling
    back to it would change nothing. When the newest release failed, or nothing `runs`, the last healthy release is
    chosen. Raises UsageError for a number that is not recorded, and Refused for a failed release or when there is no
    release to roll back to.
    """
    look = f"just releases {environment}"
    if number is not None:
        return _numbered(releases, number, look)
    newest = releases[-1] if releases else None
    healthy = last_healthy(releases)
    chosen = before(releases, healthy, with_secrets=with_secrets) if runs and newest is healthy else healthy
    if chosen is None and runs and (secrets := before(releases, healthy, with_secrets=True)):
        raise Refused(
            f"release {secrets.number} and those before it differ only in secrets from what runs; nothing was changed",
            fix=f"bring its secrets back: just rollback {environment} --with-secrets",
        )
    if chosen is None:
        raise Refused(
            f"{environment} has no earlier healthy release to roll back to{_again(healthy)}",
            fix=f"choose one: {look}, then add --to NUMBER",
        )
    return chosen


def _again(runs: RecordedRelease | None) -> str:
    """A rollback counts as the release it brought back, so that two rollbacks go two releases back."""
    if runs is None or runs.release.rollback_to is None:
        return ""
    return f": release {runs.number}, which runs, is release {runs.release.rollback_to} again"


def _numbered(releases: Sequence[RecordedRelease], number: int, look: str) -> RecordedRelease:
    chosen = next((entry for entry in releases if entry.number == number), None)
    if chosen is None:
        known = f"{releases[0].number} to {releases[-1].number}" if releases else "none"
        raise UsageError(f"there is no release {number}; recorded: {known}", fix=look)
    if not chosen.release.healthy:
        raise Refused(
            f"release {number} failed, so it cannot be rolled back to", fix=f"choose a healthy release: {look}"
        )
    return chosen


def desired_release(current: Desired, entry: RecordedRelease, *, with_secrets: bool, hold: bool = True) -> Desired:
    """The desired state that repeats a release: its image, literals and settings; its secrets only on request.

    Where the manifest still names a variable, its line and its description are used. With `hold`, nothing else is
    deployed afterwards until someone lifts the hold. The settings of a release of another target are not those of this
    one: the plan is blocked.
    """
    release = entry.release
    settings = release.settings if release.target == current.target.name else current.settings
    assert settings is not None
    known = {parameter.variable: parameter for parameter in current.parameters}
    parameters = tuple(
        _parameter(current, known.get(variable), variable, entry, with_secrets) for variable in release.versions
    )
    return replace(
        current,
        parameters=parameters,
        plain={name: text for name, text in release.literals.items() if name not in release.versions},
        image=replace(current.image, tag=release.tag, digest=release.digest, here=False),
        settings=settings,
        manifest_sha=release.manifest,
        rollback_to=entry.number,
        rollback_target=release.target,
        with_secrets=with_secrets,
        places_hold=hold,
    )


def _parameter(
    current: Desired, known: DesiredParameter | None, variable: str, entry: RecordedRelease, secrets: bool
) -> DesiredParameter:
    name, literal = names.parameter(variable), entry.release.literals.get(variable)
    return DesiredParameter(
        name=name,
        path=names.join(current.parameter_path, name),
        variable=variable,
        value=literal,
        origin=known.origin if known and known.secure else "",
        description=known.description if known else None,
        line=current.lines.get(variable, ""),
        restore=entry.release.versions[variable] if secrets and literal is None else None,
        restore_by=entry.at,
    )
