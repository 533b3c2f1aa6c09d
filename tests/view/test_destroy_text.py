"""What is deleted with an environment and what is kept, as a person reads it."""

from __future__ import annotations

from deployer.core.reason import History, NeedsOption, NotManaged, NotOurs, TargetLogs, UsedBy
from deployer.resources.dynamodb_table.reason import MessagesWait, OtherTable
from deployer.resources.iam_roles.reason import OtherPolicies
from deployer.resources.removal import KeptResource, Removal, Removals, UnreadyResource
from deployer.resources.ssm_parameters.reason import BelowThePath
from deployer.view.destroy_text import render_removals, unready


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
            Removal("table", "demo-inbox"),
        ),
        kept=(
            KeptResource("secret", "/a/key", NeedsOption("--with-secrets")),
            KeptResource("repository", "demo", NeedsOption("--with-repository")),
            KeptResource("role", "Access", UsedBy("staging")),
            KeptResource("role", "Access", NotOurs()),
            KeptResource("role", "Access", OtherPolicies(("a", "b"))),
            KeptResource("table", "demo-inbox", NotManaged()),
            KeptResource("table", "demo-inbox", OtherTable()),
            KeptResource("parameter", "/a/b/c", BelowThePath()),
            KeptResource("history", "/ledger", History()),
            KeptResource("logs", "/logs", TargetLogs("App Runner")),
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
        "  - table       demo-inbox   with every message in it; this cannot be undone",
        "Stays:",
        "  = secret      /a/key   --with-secrets deletes it",
        "  = repository  demo   --with-repository deletes it, with every image in it",
        "  = role        Access   staging uses it",
        "  = role        Access   it does not carry the deployer's tag",
        "  = role        Access   it has other policies: a, b",
        "  = table       demo-inbox   the manifest does not let the deployer manage it",
        "  = table       demo-inbox   it has other keys or indexes than the service uses",
        "  = parameter   /a/b/c   its path is below that of this environment's parameters",
        "  = history     /ledger   what was released, when and by whom; it holds no secret",
        "  = logs        /logs   App Runner's own; CloudWatch keeps them",
    ]


def test_without_anything_to_delete_that_is_said() -> None:
    assert render_removals(Removals((), ())) == "Nothing is left to delete.\nStays:"


def test_what_has_to_wait_is_shown_and_refused_with_a_fix() -> None:
    waits = UnreadyResource("table", "demo-inbox", MessagesWait(1))
    assert render_removals(Removals((), (), (waits,))).splitlines()[:2] == [
        "Will be deleted:",
        "  ! table       demo-inbox   not while messages wait in it",
    ]
    what, why, fix = unready(waits, "staging")
    assert what == "messages of 1 user wait in table demo-inbox; nothing was deleted"
    assert why == "they would never be answered"
    answered, lost = fix.split("; ")
    assert answered == "let the service answer them (just status staging), then run again"
    assert lost == "or lose them: aws dynamodb delete-table --table-name demo-inbox, then run again"
