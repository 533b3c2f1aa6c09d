"""`deployer say ENV TEXT`: send a message as a WhatsApp user of the local world."""

from __future__ import annotations

import re
import urllib.parse
from typing import Any

from msgspec import Struct

from deployer.core.health import of_readiness
from deployer.errors import DeployerError, UsageError
from deployer.local import lifecycle
from deployer.local.settings import WorldSettings, world_settings
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path
from deployer.run.ready import read_ready
from deployer.view.health_text import trouble_text
from deployer.world_keys import read
from deployer.world_routes import ask

USER = r"[0-9]{5,20}"  # what Meta accepts as a user's number
ANSWER_WITHIN = 100  # seconds; an answer of ansari-backend takes at most 115

LOOK_AFTER = 5  # seconds until the service is asked whether it can answer


class SayOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `user` the number of the user who sends the text."""

    environment: str
    text: str
    user: str


class Answer(Struct, frozen=True):
    """The messages that the service sent back."""

    parts: tuple[str, ...]


def send_message(options: SayOptions) -> Answer:
    """Send a text through the local Meta, and return the answer. Raises DeployerError when there is none."""
    text, user = options.text, options.user
    if not re.fullmatch(USER, user):
        raise UsageError("--from is not a valid phone number", fix="write 5 to 20 digits, such as 15551230000")
    settings = world_settings(load_manifest(manifest_path(options.environment)))
    if not text.strip():
        raise UsageError("the message is empty", fix='just say ENV "What is Ansari?"')
    if lifecycle.find_usable(settings) is None:
        raise DeployerError("the local world is not running", fix="just reconcile local")
    sent = _call(settings, "/_local/say", {"text": text, "from": user})
    if not sent["delivered"]:
        why, fix = _unready(settings) or (
            sent["error"] or f"it answered {sent['status']}",
            "deploy it: just reconcile local",
        )
        raise DeployerError(f"the service at {settings.service_url} did not accept the message", why=why, fix=fix)
    parts, complete = _answer(settings, user, sent["wamid"], LOOK_AFTER)
    if not parts and (unready := _unready(settings)):
        raise DeployerError("no answer yet; the message waits in the inbox", why=unready[0], fix=unready[1])
    if not complete:
        parts, _ = _answer(settings, user, sent["wamid"], ANSWER_WITHIN - LOOK_AFTER)
    if not parts:
        why, fix = _unready(settings) or ("", "just logs local")
        raise DeployerError(f"no answer within {ANSWER_WITHIN} seconds", why=why, fix=fix)
    return Answer(tuple(parts))


def _answer(settings: WorldSettings, user: str, wamid: str, seconds: int) -> tuple[list[str], bool]:
    """The parts of the answer to a message so far, and whether they are complete, which is waited for."""
    query = urllib.parse.urlencode({"until": "answered", "to": wamid, "wait": seconds})
    chat = _call(settings, f"/_local/chats/{user}?{query}")
    parts = [m["text"] for m in chat["messages"] if m["sender"] == "service" and m["answers"] == wamid]
    return parts, chat["answer"]["complete"]


def _unready(settings: WorldSettings) -> tuple[str, str] | None:
    """Why the service cannot serve users and the fix, as it reports; None when it names no reason."""
    known = settings.app.readiness
    readiness = read_ready(settings.service_url, known.path) if known else None
    troubles = of_readiness(readiness, known) if known and readiness else ()
    bad = next((trouble for trouble in troubles if not trouble.serves), None)
    if bad is None:
        return None
    text = trouble_text(bad, "local")
    return text.what, text.fix


def _call(settings: WorldSettings, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    keys = read(settings.keys, settings.endpoint)
    try:
        return ask(settings.meta_url + path, keys, body, timeout=ANSWER_WITHIN + 10)  # type: ignore[no-any-return]
    except OSError as error:
        reason = getattr(error, "read", bytes)().decode(errors="replace") or str(error)
        raise DeployerError("the local Meta did not answer", why=reason, fix="just down local, then again") from None
