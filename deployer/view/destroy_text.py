"""What is deleted with an environment and what is kept, as text or JSON."""

from __future__ import annotations

from deployer.resources.removal import Removals, UnreadyResource
from deployer.view.details import filled_fields
from deployer.view.documents.destroy import DestroyDocument, KeptDocument, RemovedDocument
from deployer.view.resources.texts import describe_obstacle, describe_reason, describe_removal, describe_wait


def render_removals(removals: Removals) -> str:
    """What is deleted and what is kept, a line each."""
    title = "Will be deleted:" if removals.deleted or removals.unready else "Nothing is left to delete."
    gone = [f"  - {one.kind:<10}  {one.name}   {describe_removal(one.kind)}".rstrip() for one in removals.deleted]
    gone += [f"  ! {one.kind:<10}  {one.name}   {describe_obstacle(one.until)}" for one in removals.unready]
    kept = [f"  = {one.kind:<10}  {one.name}   {describe_reason(one.reason)}" for one in removals.kept]
    return "\n".join([title, *gone, "Stays:", *kept])


def destroy_document(environment: str, removals: Removals) -> DestroyDocument:
    """The same for programs."""
    return DestroyDocument(
        environment=environment,
        deleted=tuple(RemovedDocument(one.kind, one.name, describe_removal(one.kind)) for one in removals.deleted),
        kept=tuple(
            KeptDocument(
                one.kind,
                one.name,
                describe_reason(one.reason),
                type(one.reason).__name__,
                filled_fields(one.reason),
            )
            for one in removals.kept
        ),
    )


def unready(one: UnreadyResource, environment: str) -> tuple[str, str, str]:
    """What has to wait before anything is deleted, why, and how that ends."""
    return describe_wait(one.name, one.until, environment)
