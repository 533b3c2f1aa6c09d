"""A value that cannot be printed."""

from __future__ import annotations

import hmac
from typing import NoReturn

from deployer import secrecy


class SecretValue:
    """A secret on its way from its source to AWS. Only `reveal()` returns it.

    It is hidden in all later output of this process, unless `hide` is False because it may not be a secret.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str, *, hide: bool = True) -> None:
        self._value = value
        if hide:
            secrecy.remember(value)

    def reveal(self) -> str:
        """The value itself. Call this only in the argument of the call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretValue):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash of a secret is a way to guess it

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")
