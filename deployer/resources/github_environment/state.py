"""The observed state of GitHub, and the record that earlier runs left there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

Policy = Literal["all", "protected", "custom"]


class ObservedVariable(Struct, frozen=True):
    """A variable on GitHub. `updated` is in seconds since 1970; GitHub reports whole seconds."""

    value: str
    updated: float


class ObservedEnvironment(Struct, frozen=True):
    """Which branches may deploy: all, protected branches, or the patterns of a list, each with its number.

    `protection` holds the other rules that people set, in the form that GitHub accepts back: required reviewers, wait
    timer.
    """

    policy: Policy
    branches: Mapping[str, int] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    protection: Mapping[str, object] = field(default_factory=dict)

    @property
    def reviewed(self) -> bool:
        """Whether a job that uses the environment waits for the approval of a reviewer."""
        return bool(self.protection.get("reviewers"))


class ObservedGitHub(Struct, frozen=True):
    """One environment of a repository; None where it does not exist. Of a secret only name and time are known."""

    owner_id: int
    repository_id: int
    archived: bool
    environment: ObservedEnvironment | None
    variables: Mapping[str, ObservedVariable]
    secrets: Mapping[str, float]


class Record(Struct, frozen=True):
    """What earlier runs wrote: names, and for each secret the version in SSM. It is kept as a variable on GitHub.

    `number` grows with every run that writes, so that the variable changes, and with it GitHub's time of its update.
    """

    number: int = 0
    branches: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    secrets: Mapping[str, int] = field(default_factory=dict)

    def same_names(self, other: Record) -> bool:
        return (self.branches, self.variables, self.secrets) == (other.branches, other.variables, other.secrets)


def write_record(record: Record) -> str:
    return json.dumps(
        {
            "number": record.number,
            "branches": sorted(record.branches),
            "variables": sorted(record.variables),
            "secrets": dict(sorted(record.secrets.items())),
        },
        separators=(",", ":"),
    )


def read_record(text: str | None) -> Record:
    """Parse the record; an empty record where there is none, or where its text is not a record."""
    try:
        fields = json.loads(text or "")
        return Record(
            number=int(fields["number"]),
            branches=tuple(sorted(map(str, fields["branches"]))),
            variables=tuple(sorted(map(str, fields["variables"]))),
            secrets={str(name): int(version) for name, version in sorted(fields["secrets"].items())},
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return Record()
