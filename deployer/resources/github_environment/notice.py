"""What a plan for GitHub reports and does not change. A closed union."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct


class OpenSecret(Struct, frozen=True, tag=True, tag_field="kind"):
    """A variable has the name of a secret."""

    symbol: ClassVar[Literal["!", "?"]] = "?"
    what: ClassVar[str] = "variable"
    name: str


class LeftAlone(Struct, frozen=True, tag=True, tag_field="kind"):
    """A variable or secret that the deployer did not create is left."""

    symbol: ClassVar[Literal["!", "?"]] = "?"
    what: Literal["variable", "secret"]
    name: str


class MayDeploy(Struct, frozen=True, tag=True, tag_field="kind"):
    """A branch or tag that the deployer did not add may deploy, and is left."""

    symbol: ClassVar[Literal["!", "?"]] = "?"
    what: Literal["branch", "tag"]
    name: str


class SetByHand(Struct, frozen=True, tag=True, tag_field="kind"):
    """A secret is absent that people have to set."""

    symbol: ClassVar[Literal["!", "?"]] = "!"
    what: ClassVar[str] = "secret"
    name: str


class Unreviewed(Struct, frozen=True, tag=True, tag_field="kind"):
    """The manifest's protect.confirm needs required reviewers, and the environment `name` has none."""

    symbol: ClassVar[Literal["!", "?"]] = "!"
    what: ClassVar[str] = "reviewers"
    name: str


Notice = OpenSecret | LeftAlone | MayDeploy | SetByHand | Unreviewed
