"""Compare two recorded releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from deployer.core.release import Release

Kind = Literal["image", "commit", "literal", "secret", "setting", "service", "path"]


class ReleaseDifference(Struct, frozen=True):
    """One difference. A side is None where the release lacks the thing.

    A secret's sides are versions, never values.
    """

    kind: Kind
    name: str
    before: str | None
    after: str | None


def compare_releases(before: Release, after: Release) -> tuple[ReleaseDifference, ...]:
    """Image, literals, secret versions and settings, each with both sides; who, when and outcome are not compared."""
    return tuple(_differences(before, after))


def _differences(before: Release, after: Release) -> Iterator[ReleaseDifference]:
    if before.image != after.image:
        yield ReleaseDifference("image", "image", before.image, after.image)
    if before.tag != after.tag:
        yield ReleaseDifference("commit", "tag", before.tag, after.tag)
    yield from _pairs("literal", before.literals, after.literals)
    yield from _pairs("secret", _secrets(before), _secrets(after))
    yield from _settings(before, after)
    if before.service != after.service and before.service and after.service:
        yield ReleaseDifference("service", "service", before.service, after.service)
    if before.path != after.path and before.path and after.path:
        yield ReleaseDifference("path", "parameter_path", before.path, after.path)


def _pairs(kind: Kind, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[ReleaseDifference]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield ReleaseDifference(kind, name, before.get(name), after.get(name))


def _secrets(release: Release) -> dict[str, str]:
    """A parameter that was deleted and recreated may have the same version again; its mark shows the difference."""
    marks = {name: f", recreated {mark}" for name, mark in release.recreated.items()}
    secrets = {name: version for name, version in release.versions.items() if name not in release.literals}
    return {name: f"v{version}{marks.get(name, '')}" for name, version in secrets.items()}


def _settings(before: Release, after: Release) -> Iterator[ReleaseDifference]:
    if before.settings is None or after.settings is None:
        if before.settings != after.settings:
            known = ["not recorded" if one.settings is None else "recorded" for one in (before, after)]
            yield ReleaseDifference("setting", "settings", known[0], known[1])
        return
    yield from _pairs("setting", before.settings.words(), after.settings.words())
    if before.unmanaged is not None and after.unmanaged is not None:
        yield from _pairs("setting", before.unmanaged, after.unmanaged)
