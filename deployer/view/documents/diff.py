"""The JSON of `diff`."""

from __future__ import annotations

from msgspec import Struct

from deployer.manifest.compare import Difference


class SecretPair(Struct, frozen=True):
    """Two values of a secret as numbers: equal numbers are equal values, None is an absent value."""

    name: str
    left: str | None
    right: str | None
    same: bool


class DiffDocument(Struct, frozen=True):
    """The differences between two environments."""

    left: str
    right: str
    differences: tuple[Difference, ...]
    secrets: tuple[SecretPair, ...]

    @property
    def alike(self) -> bool:
        """Whether nothing differs, and every secret is in both with a value of its own."""
        return not self.differences and all(pair.left and pair.right and not pair.same for pair in self.secrets)
