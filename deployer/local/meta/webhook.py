"""Build Meta's webhooks: the envelope, its bytes and its signature. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from deployer.local.meta.config import MetaConfig


def envelope(config: MetaConfig, *changes: dict[str, Any]) -> dict[str, Any]:
    """Return the outermost object around changes."""
    return {"object": "whatsapp_business_account", "entry": [{"id": config.waba_id, "changes": list(changes)}]}


def message_change(
    config: MetaConfig, message: dict[str, Any], *, name: str, wa_id: str | None, bsuid: str
) -> dict[str, Any]:
    """Return the change around a message. A user who hides the number has no `wa_id`."""
    contact: dict[str, Any] = {"profile": {"name": name}}
    if wa_id is not None:
        contact["wa_id"] = wa_id
    else:
        contact["profile"]["username"] = "user." + bsuid[-6:]
    contact["user_id"] = bsuid
    return {"field": "messages", "value": {**_head(config), "contacts": [contact], "messages": [message]}}


def status_change(config: MetaConfig, status: dict[str, Any]) -> dict[str, Any]:
    """Return the change around a status of a message that the business sent."""
    return {"field": "messages", "value": {**_head(config), "statuses": [status]}}


def value_change(config: MetaConfig, value: dict[str, Any], field: str = "messages") -> dict[str, Any]:
    """Return the change around any value. A value of field `messages` gets the product and metadata it lacks."""
    return {"field": field, "value": {**_head(config), **value} if field == "messages" else value}


def _head(config: MetaConfig) -> dict[str, Any]:
    metadata = {"display_phone_number": config.display_phone_number, "phone_number_id": config.phone_number_id}
    return {"messaging_product": "whatsapp", "metadata": metadata}


def to_bytes(payload: object) -> bytes:
    r"""JSON as Meta writes it: no spaces, `\uXXXX` outside ASCII, and `\/`."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


def field_of(body: bytes) -> str:
    """Return the field of a webhook's first change; "messages" for a body that is none of Meta's."""
    try:
        field = json.loads(body)["entry"][0]["changes"][0]["field"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return "messages"
    return field if isinstance(field, str) else "messages"


def signed_headers(app_secret: str, body: bytes) -> dict[str, str]:
    """Return the headers of a webhook: both signatures over exactly these bytes.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications
    """
    key = app_secret.encode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "facebookexternalua",
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }
