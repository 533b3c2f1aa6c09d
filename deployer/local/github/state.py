"""The data of the local GitHub, in memory: repositories, environments, variables and secrets."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nacl.public import PrivateKey


def stamp(seconds: float) -> str:
    """Return a time in GitHub's form, in whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(repr=False)
class StoredValue:
    """A variable or an opened secret, with the times of its creation and last change."""

    value: str
    created: float
    updated: float


@dataclass(repr=False)
class Environment:
    """An environment. `policy` is deployment_branch_policy as it was sent; `branches` are its patterns by number.

    Each environment has a key pair of its own, whose public half seals its secrets.
    """

    number: int
    name: str
    created: float
    updated: float
    wait_timer: int = 0
    prevent_self_review: bool = False
    reviewers: list[dict[str, Any]] = field(default_factory=list)
    policy: dict[str, bool] | None = None
    branches: dict[int, dict[str, str]] = field(default_factory=dict)
    variables: dict[str, StoredValue] = field(default_factory=dict)
    secrets: dict[str, StoredValue] = field(default_factory=dict)
    key: PrivateKey = field(default_factory=PrivateKey.generate)

    @property
    def public_key(self) -> str:
        return base64.b64encode(bytes(self.key.public_key)).decode()

    @property
    def key_id(self) -> str:
        """Return an id that differs between keys, like GitHub's."""
        return str(int.from_bytes(bytes(self.key.public_key)[:7], "big"))


@dataclass
class Repository:
    number: int
    owner_number: int
    full_name: str
    archived: bool = False
    environments: dict[str, Environment] = field(default_factory=dict)


class Repositories:
    """The repositories that `known` names, as OWNER/NAME; it is called again for a new name. Case does not matter."""

    def __init__(self, known: Callable[[], set[str]]) -> None:
        self._known = known
        self._found: dict[str, Repository] = {}
        self._numbers = iter(range(5_001, 1 << 62, 17))

    def find(self, owner: str, name: str) -> Repository | None:
        key = f"{owner}/{name}".lower()
        if key not in self._found:
            for full_name in sorted(self._known()):
                if full_name.lower() == key:
                    self._found[key] = Repository(self.number(), self._owner(owner), full_name)
        return self._found.get(key)

    def number(self) -> int:
        return next(self._numbers)

    def _owner(self, owner: str) -> int:
        mine = (one for key, one in self._found.items() if key.startswith(f"{owner.lower()}/"))
        return next((one.owner_number for one in mine), 0) or self.number()
