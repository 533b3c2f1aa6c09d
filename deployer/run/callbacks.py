"""Ask Meta's Graph API for the callbacks of a phone number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deployer.core.callback import LEVELS
from deployer.core.secret import SecretValue
from deployer.errors import DeployerError
from deployer.run.public_url import connect

SECONDS: Final = 10.0


def read_callbacks(graph: str, number: SecretValue, token: SecretValue) -> Mapping[str, str]:
    """Return the callbacks by their level. `graph` is the Graph API's URL with its version.

    Raises DeployerError when Meta does not answer, or with something else; its text holds nothing of the answer but
    the code of an error.
    """
    import httpx  # noqa: PLC0415 -- other verbs need not load it

    headers = {"Authorization": f"Bearer {token.reveal()}"}
    try:
        with connect(graph, seconds=SECONDS) as client:
            answer = client.get(
                f"{graph}/{number.reveal()}", params={"fields": "webhook_configuration"}, headers=headers
            )
        document = answer.json()
    except httpx.HTTPError as error:
        raise DeployerError("Meta's Graph API does not answer", why=type(error).__name__) from None
    except ValueError:
        raise DeployerError("Meta's Graph API answers without JSON", why=f"status {answer.status_code}") from None
    if answer.status_code != 200:
        raise DeployerError("Meta refuses to show the callbacks", why=_code(document, answer.status_code))
    configured = document.get("webhook_configuration") if isinstance(document, dict) else None
    urls = configured if isinstance(configured, dict) else {}
    return {level: urls[level] for level in LEVELS if isinstance(urls.get(level), str)}


def _code(document: Any, status: int) -> str:
    error = document.get("error") if isinstance(document, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return f"code {code}" if isinstance(code, int) else f"status {status}"
