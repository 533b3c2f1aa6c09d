"""What is deleted with an environment and what is kept, as text or JSON."""

from __future__ import annotations

from typing import assert_never

from deployer.core.reason import History, NeedsOption, NotManaged, NotOurs, TargetLogs, UsedBy
from deployer.resources.dynamodb_table.reason import OtherTable
from deployer.resources.iam_roles.reason import OtherPolicies
from deployer.resources.removal import Removal, Removals, Unready
from deployer.resources.ssm_parameters.reason import BelowThePath
from deployer.resources.unions import Reason
from deployer.view.counts import counted
from deployer.view.details import filled_fields
from deployer.view.documents.destroy import DestroyDocument, KeptDocument, RemovedDocument


def render_removals(found: Removals) -> str:
    """What is deleted and what is kept, a line each."""
    title = "Will be deleted:" if found.deleted or found.unready else "Nothing is left to delete."
    gone = [f"  - {one.kind:<10}  {one.name}   {consequence(one)}".rstrip() for one in found.deleted]
    gone += [f"  ! {one.kind:<10}  {one.name}   not while messages wait in it" for one in found.unready]
    kept = [f"  = {one.kind:<10}  {one.name}   {why(one.reason)}" for one in found.kept]
    return "\n".join([title, *gone, "Stays:", *kept])


def destroy_document(environment: str, found: Removals) -> DestroyDocument:
    """The same for programs."""
    return DestroyDocument(
        environment=environment,
        deleted=tuple(RemovedDocument(one.kind, one.name, consequence(one)) for one in found.deleted),
        kept=tuple(
            KeptDocument(one.kind, one.name, why(one.reason), type(one.reason).__name__, filled_fields(one.reason))
            for one in found.kept
        ),
    )


def consequence(removal: Removal) -> str:
    """What a person should know of a deletion, "" for nothing."""
    match removal.kind:
        case "service":
            return "its address stops answering; a new service gets another"
        case "secret":
            return "its value cannot be recovered"
        case "policy":
            return "this environment's policy in a role that is kept"
        case "repository":
            return "with every image in it"
        case "table":
            return "with every message in it; this cannot be undone"
        case "scaling" | "parameter" | "role":
            return ""
        case _:
            assert_never(removal.kind)


def unready(one: Unready, environment: str) -> tuple[str, str, str]:
    """What has to wait before anything is deleted, why, and how that ends."""
    what = f"messages of {counted(one.until.users, 'user')} wait in {one.kind} {one.name}; nothing was deleted"
    answered = f"let the service answer them (just status {environment}), then run again"
    lost = f"or lose them: aws dynamodb delete-table --table-name {one.name}, then run again"
    return what, "they would never be answered", f"{answered}; {lost}"


def why(reason: Reason) -> str:
    """Why something is kept."""
    match reason:
        case UsedBy():
            return f"{reason.environment} uses it"
        case NeedsOption():
            every = ", with every image in it" if reason.option == "--with-repository" else ""
            return f"{reason.option} deletes it{every}"
        case NotOurs():
            return "it does not carry the deployer's tag"
        case NotManaged():
            return "the manifest does not let the deployer manage it"
        case OtherTable():
            return "it has other keys or indexes than the service uses"
        case OtherPolicies():
            return f"it has other policies: {', '.join(reason.names)}"
        case BelowThePath():
            return "its path is below that of this environment's parameters"
        case History():
            return "what was released, when and by whom; it holds no secret"
        case TargetLogs():
            return f"{reason.title}'s own; CloudWatch keeps them"
        case _:
            assert_never(reason)
