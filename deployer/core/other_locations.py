"""Compare a .env file with the manifest, one line per kind of difference."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from deployer.core.secret import SecretValue


def dotenv_against(
    place: str,
    found: Mapping[str, SecretValue],
    literals: Mapping[str, str],
    secrets: Collection[str],
    held: Mapping[str, SecretValue] | None,
) -> tuple[str, ...]:
    """Names that are missing or unknown, and values that differ; the result holds no value of `found`.

    `held` are the secrets of SSM, by variable; None when they must not be read.
    """
    texts = {name: SecretValue(text, hide=False) for name, text in literals.items()}
    differ = [name for name, text in texts.items() if name in found and found[name] != text]
    other = [name for name in secrets if name in found and found[name] != (held or {}).get(name, found[name])]
    empty = [name for name in secrets if name in found and found[name] == SecretValue("")]
    return tuple(
        f"{place} {words}: {', '.join(names)}"
        for words, names in (
            ("lacks", [name for name in (*literals, *secrets) if name not in found]),
            ("has what the manifest does not name", [n for n in found if n not in literals and n not in secrets]),
            ("has another value than the manifest", differ),
            ("has no value for the secret", empty),
            ("has another secret than SSM", [name for name in other if name not in empty]),
        )
        if names
    )
