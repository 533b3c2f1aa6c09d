"""Ask the running service about its inbox, at its public URL, with the operator's token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from deployer.core.inbox import DeadReport, InboxReport, ReplayReport, Report, parse_report, reported_error
from deployer.core.secret import SecretValue
from deployer.errors import DeployerError
from deployer.run.public_url import connect

if TYPE_CHECKING:
    import httpx

SECONDS: Final = 30.0  # the service gives up after 20
MOST_BYTES: Final = 16 * 1024 * 1024
TRIES: Final = 30  # requests until one reaches a certain instance: the platform chooses
OTHER_INSTANCE: Final = 409
NOT_SERVED: Final = frozenset({303, 404})  # 404: by releases of older versions


class InboxRoute(Struct, frozen=True):
    """The routes of a service below `url`. `environment` and the name of the token are for its errors."""

    url: str
    token: SecretValue
    environment: str
    token_name: str

    def count(self) -> InboxReport:
        """Count the messages that wait. Raises DeployerError, as all three do."""
        return self._parsed(self._ask("GET", ""), InboxReport)

    def list_dead(self, limit: int | None = None) -> DeadReport:
        """List the dead letters; `limit` of the newest at most, unless the service is too old to know a limit."""
        return self._parsed(self._ask("GET", "/dead" if limit is None else f"/dead?limit={limit}"), DeadReport)

    def replay(self, ids: Sequence[str], instance: str) -> ReplayReport:
        """Queue these dead letters of an instance again; of any instance where all share one inbox."""
        for _ in range(TRIES):
            answer = self._ask("POST", "/replay", {"ids": list(ids), "instance": instance})
            if answer.status_code != OTHER_INSTANCE:
                return self._parsed(answer, ReplayReport)
        raise DeployerError(
            f"instance {instance} was not reached again; its dead letters are unchanged",
            why="each instance has its own inbox, and the platform sent every request to another instance",
            fix=f"run again; if the instance has ended, its inbox is gone: just dead {self.environment}",
        )

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        import httpx  # noqa: PLC0415 -- other verbs need not load it

        headers = {"Authorization": f"Bearer {self.token.reveal()}"}
        try:
            with connect(self.url, seconds=SECONDS) as client:
                return client.request(method, self.url + path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise DeployerError(
                f"the service of {self.environment} does not answer",
                why=type(error).__name__,
                fix=f"see why: just status {self.environment}",
            ) from None

    def _parsed(self, answer: httpx.Response, kind: type[Report]) -> Report:
        status, body = answer.status_code, answer.content
        if status == 200 and len(body) <= MOST_BYTES and (report := parse_report(body, kind)) is not None:
            return report
        raise self._error(status, reported_error(body))

    def _error(self, status: int, reported: str) -> DeployerError:
        name = self.environment
        if status in NOT_SERVED:
            return DeployerError(
                f"the running release of {name} does not report its inbox",
                why=f"it is older than these routes, or was deployed before {self.token_name} was set",
                fix=f"just reconcile {name}",
            )
        if status in {401, 403}:
            return DeployerError(
                f"the service of {name} refuses the operator's token",
                why=f"{self.token_name} was changed after the running release was deployed",
                fix=f"just reconcile {name}",
            )
        if status == 503 and reported:
            return DeployerError(
                f"the service of {name} cannot read its inbox", why=reported, fix=f"just logs {name} --since 1h"
            )
        return DeployerError(
            f"the service of {name} answers {status} and no report of its inbox",
            why=reported,
            fix=f"see which release runs: just status {name}",
        )
