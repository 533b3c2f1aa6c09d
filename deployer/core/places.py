"""The places beside SSM where a variable of the service lives, compared with the manifest. A line for each kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from deployer.core.github.plan import SyncPlan
from deployer.core.secret import SecretValue


def dotenv_against(
    place: str,
    found: Mapping[str, SecretValue],
    literals: Mapping[str, str],
    secrets: Collection[str],
    held: Mapping[str, SecretValue] | None,
) -> tuple[str, ...]:
    """Names that are missing or unknown, and values that differ; no value of `found` is in the answer.

    `held` are the secrets of SSM, by variable; None when they are not to be read.
    """
    texts = {name: SecretValue(text) for name, text in literals.items()}
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


def github_against(plan: SyncPlan) -> tuple[str, ...]:
    """What `deployer ci github-sync` would change, and what it would leave alone."""
    return tuple(f"GitHub {line}" for line in _told(plan))


def _told(plan: SyncPlan) -> Iterator[str]:
    shown = [change for change in plan.changes if change.kind != "record"]
    if lacks := [change.words for change in shown if change.symbol == "+"]:
        yield f"lacks: {', '.join(lacks)}"
    for change in shown:
        if change.symbol != "+":
            yield f"{change.words}: {change.reason}"
    for notice in plan.notices:
        yield f"{notice.address}: {notice.detail}"
    if shown:
        yield f"is set by: deployer ci github-sync {plan.environment}"
