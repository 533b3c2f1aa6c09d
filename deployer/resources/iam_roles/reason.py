"""Why a role is kept when its environment is destroyed."""

from __future__ import annotations

from msgspec import Struct


class OtherPolicies(Struct, frozen=True):
    """The role has policies that the deployer did not write."""

    names: tuple[str, ...]
