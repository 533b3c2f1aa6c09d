"""Compare the other locations of a service's variables, .env files and GitHub, with the manifest, one line per kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from deployer.core.github.plan import Change, SyncPlan
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


def github_against(environment: str, plans: Sequence[SyncPlan]) -> tuple[str, ...]:
    """What `deployer ci github-sync` would change in each environment, and what it would leave alone."""
    lines = [f"{_place(environment, plan)} {line}" for plan in plans for line in _told(plan)]
    if any(_shown(plan) for plan in plans):
        lines.append(f"GitHub is set by: deployer ci github-sync {environment}")
    return tuple(lines)


def _place(environment: str, plan: SyncPlan) -> str:
    return "GitHub" if plan.environment == environment else f"GitHub's {plan.environment}"


def _shown(plan: SyncPlan) -> list[Change]:
    return [change for change in plan.changes if change.kind != "record"]


def _told(plan: SyncPlan) -> Iterator[str]:
    if lacks := [change.words for change in _shown(plan) if change.symbol == "+"]:
        yield f"lacks: {', '.join(lacks)}"
    for change in _shown(plan):
        if change.symbol != "+":
            yield f"{change.words}: {change.reason}"
    for notice in plan.notices:
        yield f"{notice.address}: {notice.detail}"
