"""What is deleted of an environment and what is kept, as text or JSON."""

from __future__ import annotations

from deployer.core.removal import Removals
from deployer.view.documents import DestroyDocument, RemainingDocument


def render_removals(found: Removals) -> str:
    """What is deleted and what is kept, a line each."""
    title = "Will be deleted:" if found.deleted else "Nothing is left to delete."
    gone = [f"  - {one.kind:<10}  {one.name}{f'   {one.note}' if one.note else ''}" for one in found.deleted]
    kept = [f"  = {one.kind:<10}  {one.name}   {one.why}" for one in found.kept]
    return "\n".join([title, *gone, "Stays:", *kept])


def destroy_document(environment: str, found: Removals) -> DestroyDocument:
    """The same for programs."""
    return DestroyDocument(
        environment=environment,
        deleted=tuple(RemainingDocument(one.kind, one.name, one.note) for one in found.deleted),
        kept=tuple(RemainingDocument(one.kind, one.name, one.why) for one in found.kept),
    )
