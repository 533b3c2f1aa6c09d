"""Calls of GitHub's REST API for one repository: its environments, their variables and secrets.

Source: https://docs.github.com/en/rest (repos, deployments/environments, deployments/branch-policies,
actions/variables, actions/secrets), version 2022-11-28.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx

from deployer import partial
from deployer.core.secret import SecretValue
from deployer.errors import DeployerError
from deployer.github.pace import wait_for
from deployer.github.refusals import SERVICE_FAULT, Uncertain, refused, unreachable

VERSION: Final = "2022-11-28"
VARIABLES_PER_PAGE: Final = 30  # the most that GitHub gives; 10 when it is not asked for more
OTHERS_PER_PAGE: Final = 100
TIMEOUT: Final = 20.0  # seconds

# What a fine-grained token needs, where GitHub's answer does not say it itself.
SEE: Final = "metadata=read"
LOOK: Final = "actions=read"
SETTINGS: Final = "administration=write"
LIST: Final = "environments=read"
WRITE: Final = "environments=write"


class GitHub:
    """Calls with one token. Each method raises DeployerError or a subclass when GitHub refuses or fails."""

    def __init__(self, address: str, token: SecretValue, repository: str, report_pause: Callable[[str], None]) -> None:
        self.repository = repository
        self._token = token
        self._report_pause = report_pause
        here = urlsplit(address).scheme == "http"
        # A proxy is asked for the world outside, never for this machine; and there is no TLS to load certificates for.
        self._client = httpx.Client(
            base_url=address, timeout=TIMEOUT, follow_redirects=False, trust_env=not here, verify=not here
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, it: BaseException | None, where: TracebackType | None) -> None:
        self._client.close()

    def about(self) -> dict[str, Any]:
        """Return the repository: its ids, and whether it is archived."""
        answer = self._call("GET", "", "read the repository", SEE, absent=True)
        if answer is None:
            raise DeployerError(
                f"the token cannot read the repository {self.repository}",
                why="no repository has this name, or the token has no access to it",
                fix="check github.repository in the manifest, and the token's repositories",
            )
        return _object(answer)

    def environment(self, name: str) -> dict[str, Any] | None:
        """Return the environment, or None if it does not exist. Call `about` first: it checks the token's access."""
        answer = self._call("GET", _path(name), f"read the environment {name}", LOOK, absent=True)
        return None if answer is None else _object(answer)

    def put_environment(self, name: str, settings: Mapping[str, object]) -> None:
        self._call("PUT", _path(name), f"set the environment {name}", SETTINGS, settings)

    def branches(self, environment: str) -> Iterator[dict[str, Any]]:
        path = _path(environment, "deployment-branch-policies")
        return self._pages(path, "branch_policies", "list who may deploy", LOOK, OTHERS_PER_PAGE)

    def add_branch(self, environment: str, branch: str) -> None:
        """Allow a branch to deploy. GitHub answers 303 for a branch that is allowed already; that is a success."""
        body = {"name": branch, "type": "branch"}
        path = _path(environment, "deployment-branch-policies")
        self._call("POST", path, f"allow the branch {branch}", SETTINGS, body, fine=(303,))

    def remove_branch(self, environment: str, number: int, branch: str) -> None:
        path = _path(environment, "deployment-branch-policies", str(number))
        self._call("DELETE", path, f"no longer allow the branch {branch}", SETTINGS, absent=True)

    def variables(self, environment: str) -> Iterator[dict[str, Any]]:
        path = _path(environment, "variables")
        return self._pages(path, "variables", "list the variables", LIST, VARIABLES_PER_PAGE)

    def create_variable(self, environment: str, name: str, value: str) -> None:
        body = {"name": name, "value": value}
        self._call("POST", _path(environment, "variables"), f"create the variable {name}", WRITE, body)

    def update_variable(self, environment: str, name: str, value: str) -> None:
        body = {"name": name, "value": value}
        self._call("PATCH", _path(environment, "variables", name), f"set the variable {name}", WRITE, body)

    def remove_variable(self, environment: str, name: str) -> None:
        path = _path(environment, "variables", name)
        self._call("DELETE", path, f"remove the variable {name}", WRITE, absent=True)

    def secrets(self, environment: str) -> Iterator[dict[str, Any]]:
        return self._pages(_path(environment, "secrets"), "secrets", "list the secrets", LIST, OTHERS_PER_PAGE)

    def public_key(self, environment: str) -> dict[str, Any]:
        """Return the public key, in base64, that seals secrets for this environment, and its id."""
        path = _path(environment, "secrets", "public-key")
        answer = self._call("GET", path, "get the key that seals secrets", LIST)
        assert answer is not None
        return _object(answer)

    def put_secret(self, environment: str, name: str, sealed: str, key_id: str) -> None:
        body = {"encrypted_value": sealed, "key_id": key_id}
        self._call("PUT", _path(environment, "secrets", name), f"set the secret {name}", WRITE, body)

    def remove_secret(self, environment: str, name: str) -> None:
        path = _path(environment, "secrets", name)
        self._call("DELETE", path, f"remove the secret {name}", WRITE, absent=True)

    def _pages(self, path: str, key: str, what: str, needs: str, size: int) -> Iterator[dict[str, Any]]:
        """Return the items of every page of a list: until GitHub's total count, or an empty page, is reached."""
        seen, page = 0, 1
        while True:
            answer = self._call("GET", f"{path}?per_page={size}&page={page}", what, needs)
            assert answer is not None
            body = _object(answer)
            elements, total = body.get(key), body.get("total_count")
            if not isinstance(elements, list) or not isinstance(total, int):
                raise _not_github(answer)
            yield from elements
            seen, page = seen + len(elements), page + 1
            if not elements or seen >= total:
                return

    def _call(
        self,
        method: str,
        path: str,
        what: str,
        needs: str,
        body: object = None,
        *,
        absent: bool = False,
        fine: tuple[int, ...] = (),
    ) -> httpx.Response | None:
        """Make a call. Returns None only for 404 with `absent`. Errors show GitHub's message, never what was sent."""
        waited = 0.0
        while True:
            try:
                answer = self._client.request(
                    method,
                    f"/repos/{self.repository}{path}",
                    json=body,
                    headers={
                        "Authorization": f"Bearer {self._token.reveal()}",
                        "Accept": "application/vnd.github+json",
                        "X-GitHub-Api-Version": VERSION,
                        "User-Agent": "ansari-whatsapp-deployer",
                    },
                )
            except httpx.HTTPError as error:
                failure = unreachable(error, self._client.base_url.host, what, wrote=method != "GET")
                if isinstance(failure, Uncertain):
                    partial.note(f"a request to GitHub to {what}")
                raise failure from None
            if method != "GET" and (answer.is_success or answer.status_code >= SERVICE_FAULT):
                partial.note(f"a request to GitHub to {what}")
            if answer.is_success or answer.status_code in fine:
                return answer
            if answer.status_code == 404 and absent:
                return None
            pause = wait_for(answer, waited, again=method != "POST")
            if pause is None:
                raise refused(answer, what, needs, self.repository)
            self._report_pause(f"GitHub asks to wait {pause:.0f} s: to {what}")
            waited += pause.rest()


def _path(environment: str, *more: str) -> str:
    return "/".join(("/environments", *(quote(part, safe="") for part in (environment, *more))))


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        raise _not_github(answer) from None
    if not isinstance(body, dict):
        raise _not_github(answer)
    return body


def _not_github(answer: httpx.Response) -> DeployerError:
    return DeployerError(
        f"{answer.url.host} did not answer as GitHub does",
        why=f"{answer.request.method} {answer.url.path}: {answer.status_code}, and another document than expected",
        fix="check GITHUB_API_URL: it has to be the address of the REST API, such as https://api.github.com",
    )


def seconds(text: object) -> float:
    """Parse a time such as 2026-01-10T10:59:22Z into seconds since 1970. Raises DeployerError for other formats."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        raise DeployerError("GitHub returned an invalid time", fix="check GITHUB_API_URL") from None
