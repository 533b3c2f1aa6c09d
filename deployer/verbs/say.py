"""`deployer say ENV TEXT`: be a WhatsApp user of the local world."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from typing import Any

from deployer.errors import DeployerError
from deployer.local import lifecycle
from deployer.local.settings import WorldSettings

USER = r"[0-9]{5,20}"  # what Meta takes as a user's number
ANSWER_WITHIN = 100  # seconds; an answer of ansari-backend takes up to 115 at the very most


def say(settings: WorldSettings, text: str, user: str) -> str:
    """Send `text` from `user` through the local Meta, and return the answer the service sent back."""
    if lifecycle.find(settings) is None:
        raise DeployerError("the local world is not running", fix="just reconcile local")
    sent = _call(settings, "/_local/say", {"text": text, "from": user})
    if not sent["delivered"]:
        raise DeployerError(
            f"the service at {settings.service_url} did not take the message",
            why=sent["error"] or f"it answered {sent['status']}",
            fix="deploy it: just reconcile local",
        )
    query = urllib.parse.urlencode({"until": "answered", "to": sent["wamid"], "wait": ANSWER_WITHIN})
    chat = _call(settings, f"/_local/chats/{user}?{query}")
    parts = [m["text"] for m in chat["messages"] if m["sender"] == "service" and m["answers"] == sent["wamid"]]
    if not parts:
        raise DeployerError(
            f"no answer within {ANSWER_WITHIN} seconds",
            fix="look at the service's log in the group /aws/apprunner/.../application of the local AWS",
        )
    return "\n\n".join(parts)


def _call(settings: WorldSettings, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 -- a loopback address of the manifest
        settings.meta_url + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN + 10) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found
    except OSError as error:
        reason = getattr(error, "read", bytes)().decode(errors="replace") or str(error)
        raise DeployerError("the local Meta did not answer", why=reason, fix="just down local, then again") from None
