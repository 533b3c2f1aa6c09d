"""The Graph API's errors: the HTTP status and title of each code, and the format of their body.

https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

ERROR_HELP = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


@dataclass(frozen=True)
class Code:
    status: int
    title: str
    details: str
    transient: bool = False


CODES: dict[int, Code] = {
    0: Code(401, "AuthException", "We were unable to authenticate the app user."),
    1: Code(500, "API Unknown", "Invalid request or possible server error.", transient=True),
    2: Code(503, "API Service", "Temporary due to downtime or due to being overloaded.", transient=True),
    3: Code(500, "API Method", "Capability or permissions issue."),
    4: Code(400, "API Too Many Calls", "The app has reached its API call rate limit.", transient=True),
    10: Code(403, "Permission Denied", "Permission is either not granted or has been removed."),
    33: Code(400, "Parameter value is not valid", "The business phone number has been deleted."),
    100: Code(400, "Invalid parameter", "The request included one or more unsupported or misspelled parameters."),
    190: Code(401, "Access token has expired", "Your access token has expired."),
    200: Code(403, "API Permission", "Permission is either not granted or has been removed."),
    368: Code(403, "Temporarily blocked for policies violations", "The account has been restricted."),
    613: Code(400, "Calls to this API have exceeded the rate limit", "Try again later."),
    2200: Code(400, "Callback verification failed", "The callback did not return the challenge."),
    80007: Code(400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    130429: Code(429, "Rate limit hit", "Cloud API message throughput has been reached."),
    130472: Code(400, "User's number is part of an experiment", "Message was not sent as part of an experiment."),
    130497: Code(403, "Business account is restricted from messaging users in this country", "Country barred."),
    131000: Code(500, "Something went wrong", "Message failed to send due to an unknown error."),
    131005: Code(403, "Access denied", "Permission is either not granted or has been removed."),
    131008: Code(400, "Required parameter is missing", "The request is missing a required parameter."),
    131009: Code(400, "Parameter value is not valid", "One or more parameter values are invalid."),
    131016: Code(500, "Service unavailable", "A service is temporarily unavailable."),
    131021: Code(400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
    131026: Code(400, "Message undeliverable", "Unable to deliver message."),
    131030: Code(400, "Recipient phone number not in allowed list", "Add the number to the recipient list."),
    131031: Code(403, "Account has been locked", "The account has been restricted or disabled."),
    131042: Code(400, "Business eligibility payment issue", "There was an error related to your payment method."),
    131045: Code(500, "Incorrect certificate", "Phone number registration error."),
    131047: Code(
        400, "Re-engagement message", "More than 24 hours have passed since the customer last replied to this number."
    ),
    131048: Code(400, "Spam rate limit hit", "There are restrictions on how many messages this number can send."),
    131049: Code(400, "Meta chose not to deliver", "Not delivered to maintain healthy ecosystem engagement."),
    131050: Code(400, "User has stopped marketing messages", "The user does not want marketing messages."),
    131051: Code(400, "Unsupported message type", "Unsupported message type."),
    131056: Code(
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages sent from this phone number to the same recipient in a short period of time.",
    ),
    131057: Code(500, "Account in maintenance mode", "Business account is in maintenance mode."),
    131062: Code(400, "Business-scoped user ID not supported", "This message kind cannot be sent to that id."),
    133010: Code(
        400, "Phone number not registered", "The number is not registered with the WhatsApp Business Platform."
    ),
    135000: Code(400, "Generic user error", "Message failed to send because of an unknown error with your request."),
}


class GraphError(Exception):
    """A refusal of the Graph API. `status` overrides the code's usual HTTP status."""

    def __init__(
        self, code: int, details: str = "", *, status: int | None = None, message: str = "", subcode: int | None = None
    ) -> None:
        known = CODES[code]
        super().__init__(message or f"(#{code}) {known.title}")
        self.code = code
        self.details = details or known.details
        self.status = status or known.status
        self.subcode = subcode
        self.transient = known.transient

    def body(self, trace: str) -> dict[str, Any]:
        """Return the JSON of the answer. error_data comes only with WhatsApp's own codes and code 100."""
        error: dict[str, Any] = {"message": str(self), "type": "OAuthException", "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.transient:
            error["is_transient"] = True
        if self.code >= 80000 or (self.code == 100 and self.subcode is None):
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        return {"error": {**error, "fbtrace_id": trace}}


def webhook_error(code: int) -> dict[str, Any]:
    """Return the same error in the form of a `failed` status."""
    known = CODES[code]
    return {
        "code": code,
        "title": known.title,
        "message": known.title,
        "error_data": {"details": known.details},
        "href": ERROR_HELP,
    }


def new_trace() -> str:
    """Return an id as in fbtrace_id and the header X-FB-Trace-ID."""
    return "A" + secrets.token_urlsafe(17)
