"""The outcome of an image build or push as text."""

from __future__ import annotations

from deployer.core.desired import BUILT_TAG
from deployer.errors import as_typed
from deployer.view.documents.image import ImageDocument


def render_image(made: ImageDocument) -> str:
    """What was built or pushed, and what to try next in the local world."""
    name = f"{made.repository}:{made.tag}"
    match made.did:
        case "built":
            text = f"Built {name} ({made.platform}) with {made.tool}."
        case "pushed":
            text = f"Pushed {name}@{made.digest}."
        case _:
            text = f"ECR holds {name}@{made.digest} already."
    if made.tag.endswith(BUILT_TAG) and made.did != "built":
        text += as_typed(f"\nTry it in the local world: just reconcile {made.environment} --image {made.tag}")
    return text
