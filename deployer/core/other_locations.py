"""Compare a .env file with the manifest. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct

from deployer.core.secret import SecretValue


class DotenvDifference(Struct, frozen=True):
    """One kind of difference, and the variables that differ in this way."""

    kind: Literal["missing", "not-in-manifest", "other-value", "empty-secret", "other-secret"]
    names: tuple[str, ...]


def dotenv_against(
    found: Mapping[str, SecretValue],
    literals: Mapping[str, str],
    secrets: Collection[str],
    held: Mapping[str, SecretValue] | None,
) -> tuple[DotenvDifference, ...]:
    """Names that are missing or unknown, and values that differ; the result holds no value of `found`.

    `held` are the secrets of SSM, by variable; None when they must not be read.
    """
    texts = {name: SecretValue(text, hide=False) for name, text in literals.items()}
    differ = [name for name, text in texts.items() if name in found and found[name] != text]
    other = [name for name in secrets if name in found and found[name] != (held or {}).get(name, found[name])]
    empty = [name for name in secrets if name in found and found[name] == SecretValue("")]
    differences = (
        DotenvDifference("missing", tuple(name for name in (*literals, *secrets) if name not in found)),
        DotenvDifference("not-in-manifest", tuple(n for n in found if n not in literals and n not in secrets)),
        DotenvDifference("other-value", tuple(differ)),
        DotenvDifference("empty-secret", tuple(empty)),
        DotenvDifference("other-secret", tuple(name for name in other if name not in empty)),
    )
    return tuple(difference for difference in differences if difference.names)
