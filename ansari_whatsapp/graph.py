"""The client of Meta's Graph API: send a text, show "read" and "typing". The reaction to each error is a table."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

import httpx
import orjson

from ansari_whatsapp.settings import Settings, is_tls

META_TOKEN: Final = "meta_token"  # noqa: S105 -- a reason in /ready: what Meta refuses
META_ACCOUNT: Final = "meta_account"
META_UNREACHABLE: Final = "meta_unreachable"
CHECK_SECONDS: Final = 3.0
EXPIRED: Final = 190  # Source: Meta, "Error codes": the access token has expired or was revoked
ACCOUNT_CODES: Final = (368, 131031, 131042, 131045, 131048, 133010)
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Reaction(Enum):
    """The reaction to an error."""

    RETRY = "try again soon"
    USER = "this user's messages wait"
    SLOW = "all messages wait for a second"
    BUSY = "all messages wait for minutes"
    PAUSE = "all sending waits until the token or the account is fixed"
    DROP = "this message cannot arrive"


# Source: Meta, "Error codes" of the WhatsApp Cloud API. Codes that are not here are temporary when the HTTP status is
# 429 or 5xx or the error says is_transient, a matter of the token when it is 401 or 403, and final otherwise.
REACTIONS: dict[int, Reaction] = {
    **dict.fromkeys((1, 2, 131000, 131016, 131057, 135000), Reaction.RETRY),
    131056: Reaction.USER,
    130429: Reaction.SLOW,
    **dict.fromkeys((4, 613, 80007), Reaction.BUSY),
    **dict.fromkeys((0, 3, 10, 190, *range(200, 300), 131005), Reaction.PAUSE),
    **dict.fromkeys(ACCOUNT_CODES, Reaction.PAUSE),
    **dict.fromkeys((131021, 131026, 131030, 131047, 131049, 131050, 130472, 130497, 131062), Reaction.DROP),
    **dict.fromkeys((33, 100, 131008, 131009, 131051), Reaction.DROP),
}


class GraphError(Exception):
    """A call failed. `code` is Meta's error code, None if there was no answer.

    `unsure` means that Meta may have accepted it: the request had been sent when the connection broke.
    """

    def __init__(self, reaction: Reaction, code: int | None, what: str, *, unsure: bool = False) -> None:
        super().__init__(what)
        self.reaction = reaction
        self.code = code
        self.unsure = unsure


class Graph:
    """A client with a connection pool, for one phone number."""

    def __init__(self, settings: Settings) -> None:
        number = settings.meta_business_phone_number_id.get_secret_value()
        self._path = f"/{settings.meta_api_version}/{number}/messages"
        self._me = f"/{settings.meta_api_version}/me"
        self._http = httpx.AsyncClient(
            base_url=settings.meta_graph_url,
            headers={
                "Authorization": f"Bearer {settings.meta_access_token_from_sys_user.get_secret_value()}",
                "Content-Type": "application/json",
            },
            timeout=httpx.Timeout(settings.graph_seconds, connect=settings.graph_connect_seconds),
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
            follow_redirects=False,
            verify=is_tls(settings.meta_graph_url),
        )

    async def aclose(self) -> None:
        """Close the pool."""
        await self._http.aclose()

    async def send_text(self, user: str, text: str, tag: str) -> str:
        """Send one part and return its wamid. Every status of it carries `tag`. Raises GraphError."""
        to = {"to": user} if user.isdigit() else {"recipient": user}
        answer = await self._post(
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                **to,
                "type": "text",
                "text": {"body": text, "preview_url": False},
                "biz_opaque_callback_data": tag,
            }
        )
        sent = answer.get("messages")
        return str(sent[0].get("id", "")) if isinstance(sent, list) and sent and isinstance(sent[0], dict) else ""

    async def show_typing(self, wamid: str) -> None:
        """Mark the message as read and show "typing" for 25 seconds or until the answer. Raises GraphError."""
        await self._post(
            {
                "messaging_product": "whatsapp",
                "status": "read",
                "message_id": wamid,
                "typing_indicator": {"type": "text"},
            }
        )

    async def check(self) -> str:
        """Return META_TOKEN if Meta refuses the access token, META_UNREACHABLE if it does not answer, else "".

        Any valid token may read its own id (Graph API, "User"). Errors other than code 190 are ignored: a system
        user's token may send messages without the right to read anything else.
        """
        try:
            answer = await self._http.get(self._me, params={"fields": "id"}, timeout=CHECK_SECONDS)
        except httpx.HTTPError:
            return META_UNREACHABLE
        try:
            body = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            body = None
        return META_TOKEN if _error(answer.status_code, body).code == EXPIRED else ""

    async def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        content = orjson.dumps(body)
        try:
            answer = await self._http.post(self._path, content=content)
        except httpx.HTTPError as error:
            unsure = not isinstance(error, NOT_SENT)
            raise GraphError(Reaction.RETRY, None, type(error).__name__, unsure=unsure) from None
        try:
            document = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            document = {}
        if answer.status_code == 200 and not (isinstance(document, dict) and "error" in document):
            return document if isinstance(document, dict) else {}
        raise _error(answer.status_code, document)


def refusal(code: int | None) -> str:
    """Return what Meta refuses, the token or the account, with an error that needs a pause."""
    return META_ACCOUNT if code in ACCOUNT_CODES else META_TOKEN


def reaction_to(code: int | None) -> Reaction:
    """Return the reaction to an error code that came with a status of a message."""
    return REACTIONS.get(code, Reaction.DROP) if code is not None else Reaction.DROP


def _error(status: int, body: object) -> GraphError:
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {}
    code = error.get("code")
    if status >= 500 or status == 429 or error.get("is_transient") is True:
        default = Reaction.RETRY
    else:
        default = Reaction.PAUSE if status in {401, 403} else Reaction.DROP
    reaction = REACTIONS.get(code, default) if isinstance(code, int) else default
    return GraphError(reaction, code if isinstance(code, int) else None, f"HTTP {status}, code {code}")
