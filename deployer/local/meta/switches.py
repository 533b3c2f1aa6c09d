"""The fault switches of the local Meta: `PUT /_local/faults`."""

from __future__ import annotations

from collections.abc import Mapping

from deployer.local.faults import Choice, FreeText, Number, Parameter, Switch
from deployer.local.meta.errors import CODES

USER: Mapping[str, Parameter] = {"user": FreeText("only for this user's digits")}
CALLS: Mapping[str, Parameter] = {
    **USER,
    "kind": Choice("only messages, or only read marks with or without typing", ("message", "read")),
}
CODE = Choice("which error code", tuple(CODES), required=True)

SWITCHES: dict[str, Switch] = {
    "error": Switch(
        "refuses with an error code",
        {"code": CODE, "status": Choice("another HTTP status than usual", (400, 401, 403, 429, 500, 503))},
        CALLS,
    ),
    "failed_status": Switch("accepts, then reports `failed` instead of sent, delivered, read", {"code": CODE}, USER),
    "latency": Switch("waits before it does anything", {"seconds": Number("how long", 0, 3600, required=True)}, CALLS),
    "reset": Switch("resets the connection; the message is not taken", {}, CALLS),
    "accept_and_drop": Switch("takes the message, then resets the connection without an answer", {}, CALLS),
    "token_revoked": Switch("refuses the access token with code 190", {}, CALLS),
    "no_statuses": Switch("sends no status webhooks", {}, USER),
    "statuses_reversed": Switch("sends read, delivered, sent in this order", {}, USER),
    "duplicate_webhooks": Switch(
        "sends every webhook more than once", {"copies": Number("how many more", 1, 10, whole=True, required=True)}
    ),
}
