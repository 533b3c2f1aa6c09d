"""What is deleted with an environment and what is kept, as a person reads it."""

from __future__ import annotations

from deployer.core.removal import (
    BelowThePath,
    History,
    Kept,
    NeedsOption,
    NotOurs,
    OtherPolicies,
    Removal,
    Removals,
    TargetLogs,
    UsedBy,
)
from deployer.view.destroy_text import render_removals


def test_each_resource_has_a_line_with_its_consequence_or_reason() -> None:
    found = Removals(
        deleted=(
            Removal("service", "demo"),
            Removal("scaling", "demo"),
            Removal("parameter", "/a/level"),
            Removal("secret", "/a/key"),
            Removal("role", "Access"),
            Removal("policy", "Instance/demo"),
            Removal("repository", "demo"),
        ),
        kept=(
            Kept("secret", "/a/key", NeedsOption("--with-secrets")),
            Kept("repository", "demo", NeedsOption("--with-repository")),
            Kept("role", "Access", UsedBy("staging")),
            Kept("role", "Access", NotOurs()),
            Kept("role", "Access", OtherPolicies(("a", "b"))),
            Kept("parameter", "/a/b/c", BelowThePath()),
            Kept("history", "/ledger", History()),
            Kept("logs", "/logs", TargetLogs("App Runner")),
        ),
    )
    assert render_removals(found).splitlines() == [
        "Will be deleted:",
        "  - service     demo   its address stops answering; a new service gets another",
        "  - scaling     demo",
        "  - parameter   /a/level",
        "  - secret      /a/key   its value cannot be recovered",
        "  - role        Access",
        "  - policy      Instance/demo   this environment's policy in a role that is kept",
        "  - repository  demo   with every image in it",
        "Stays:",
        "  = secret      /a/key   --with-secrets deletes it",
        "  = repository  demo   --with-repository deletes it, with every image in it",
        "  = role        Access   staging uses it",
        "  = role        Access   it does not carry the deployer's tag",
        "  = role        Access   it has other policies: a, b",
        "  = parameter   /a/b/c   its path is below that of this environment's parameters",
        "  = history     /ledger   what was released, when and by whom; it holds no secret",
        "  = logs        /logs   App Runner's own; CloudWatch keeps them",
    ]


def test_without_anything_to_delete_that_is_said() -> None:
    assert render_removals(Removals((), ())) == "Nothing is left to delete.\nStays:"
