"""The local GitHub as a WSGI application: check the token and the rate limit, and route the call."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from deployer.local import faults
from deployer.local.github import environments, values
from deployer.local.github.answers import FORBIDDEN, NOT_FOUND, Answer, document, error
from deployer.local.github.state import Environment, Repositories, Repository
from deployer.local.github.switches import SWITCHES
from deployer.world_keys import proves

VERSIONS: Final = ("2022-11-28", "2026-03-10")
LARGEST_BODY: Final = 1 << 20  # bytes
HOUR: Final = 3600.0
EVERYTHING: Final = {"metadata": "read", "actions": "read", "administration": "write", "environments": "write"}
_LEVELS: Final = ("read", "write")
_E: Final = "/repos/<owner>/<name>/environments/<environment>"

# name of the call, method, path, the right it takes
CALLS: Final = (
    ("get-repository", "GET", "/repos/<owner>/<name>", "metadata=read"),
    ("get-environment", "GET", _E, "actions=read"),
    ("put-environment", "PUT", _E, "administration=write"),
    ("list-branches", "GET", f"{_E}/deployment-branch-policies", "actions=read"),
    ("add-branch", "POST", f"{_E}/deployment-branch-policies", "administration=write"),
    ("remove-branch", "DELETE", f"{_E}/deployment-branch-policies/<item>", "administration=write"),
    ("list-variables", "GET", f"{_E}/variables", "environments=read"),
    ("create-variable", "POST", f"{_E}/variables", "environments=write"),
    ("get-variable", "GET", f"{_E}/variables/<item>", "environments=read"),
    ("update-variable", "PATCH", f"{_E}/variables/<item>", "environments=write"),
    ("remove-variable", "DELETE", f"{_E}/variables/<item>", "environments=write"),
    ("list-secrets", "GET", f"{_E}/secrets", "environments=read"),
    ("get-public-key", "GET", f"{_E}/secrets/public-key", "environments=read"),
    ("get-secret", "GET", f"{_E}/secrets/<item>", "environments=read"),
    ("put-secret", "PUT", f"{_E}/secrets/<item>", "environments=write"),
    ("remove-secret", "DELETE", f"{_E}/secrets/<item>", "environments=write"),
)


@dataclass(frozen=True, repr=False)
class GitHubConfig:
    """The configuration. `tokens` maps a token to its rights, such as {"environments": "write"}; `hourly` is its limit.

    `repositories` names those that there are, as OWNER/NAME; `control` is the token of the routes below `/_control/`.
    """

    tokens: Mapping[str, Mapping[str, str]]
    repositories: Callable[[], set[str]]
    control: str
    hourly: int = 5000
    clock: Callable[[], float] = time.time


@dataclass
class _Window:
    """The number of a token's calls in the current hour."""

    ends: float
    used: int = 0


@dataclass
class _Call:
    """A parsed call."""

    request: Request
    name: str
    right: str
    parts: Mapping[str, Any]
    now: float


class GitHub:
    """A local GitHub. The routes below `/_control/` are its own: faults, more tokens, opened secrets."""

    def __init__(self, config: GitHubConfig) -> None:
        self.faults = faults.Faults(SWITCHES)
        self.repositories = Repositories(config.repositories)
        self.record: list[str] = []
        self._config = config
        self._tokens = {token: dict(rights) for token, rights in config.tokens.items()}
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()
        self._map = Map([Rule(path, endpoint=(name, right), methods=[method]) for name, method, path, right in CALLS])

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request."""
        request = Request(environ)
        with self._lock:
            control = request.path.startswith("/_control/")
            answer = self._controlled(request) if control else self._answer(request)
        return _rendered(request, answer)(environ, start_response)

    def _answer(self, request: Request) -> Answer:
        now = self._config.clock()
        token = _token(request)
        window = self._window(token or "", now)
        try:
            (name, right), parts = self._map.bind_to_environ(request.environ).match()
        except HTTPException:
            name, right, parts = "", "", {}
        answer = self._judged(_Call(request, name, right, parts, now), token, window)
        limits = {
            "X-RateLimit-Limit": str(self._config.hourly),
            "X-RateLimit-Remaining": str(max(0, self._config.hourly - window.used)),
            "X-RateLimit-Used": str(window.used),
            "X-RateLimit-Reset": str(int(window.ends)),
            "X-RateLimit-Resource": "core",
        }
        accepted = {"X-Accepted-GitHub-Permissions": right} if right and token in self._tokens else {}
        version = {"X-GitHub-Api-Version-Selected": request.headers.get("X-GitHub-Api-Version", VERSIONS[0])}
        return Answer(answer.status, answer.body, {**limits, **version, **accepted, **answer.headers})

    def _judged(self, asked: _Call, token: str | None, window: _Window) -> Answer:
        """Check in GitHub's order: form, token, rate limit, existence, rights."""
        if refused := _out_of_form(asked.request) or self._stranger(token, window):
            return refused
        window.used += 1
        if not asked.name:
            return NOT_FOUND
        if struck := self._struck(asked):
            return struck
        repository = self.repositories.find(asked.parts["owner"], asked.parts["name"])
        rights = self._tokens[token or ""]
        if repository is None or not _allows(rights, "metadata=read"):
            return NOT_FOUND
        if not _allows(rights, asked.right):
            return FORBIDDEN
        writes = asked.request.method != "GET"
        if repository.archived and writes:
            return error(403, "Repository was archived so is read-only.")
        answer = self._carried_out(asked, repository)
        if writes and answer.status < 400:
            made = (document(asked.request) or {}).get("name", "") if asked.request.method == "POST" else ""
            self.record.append(f"{asked.name} {asked.parts.get('item', made)}".strip())
        return answer

    def _stranger(self, token: str | None, window: _Window) -> Answer | None:
        if token is None:
            return error(401, "Requires authentication")
        if token not in self._tokens:
            return error(401, "Bad credentials")
        return error(403, "API rate limit exceeded for this user") if window.used >= self._config.hourly else None

    def _struck(self, asked: _Call) -> Answer | None:
        about = {"call": asked.name, "item": asked.parts.get("item", "")}
        if (limit := self.faults.take("limit", **about)) is not None:
            after = limit.get("retry_after")
            headers = {"Retry-After": str(after)} if after else {}
            return Answer(
                limit.get("status", 403),
                {"message": "You have exceeded a secondary rate limit."},
                headers,
            )
        if (fail := self.faults.take("fail", **about)) is not None:
            return error(fail["status"], fail.get("message", "Server Error"))
        if self.faults.take("wrong_key", **about) is not None:
            return Answer(200, {"key_id": "1", "key": "bm90IGEga2V5"})
        return None

    def _carried_out(self, asked: _Call, repository: Repository) -> Answer:
        if asked.name == "get-repository":
            return environments.show_repository(repository)
        name = asked.parts["environment"]
        environment = repository.environments.get(name.lower())
        if asked.name == "put-environment":
            return environments.put(asked.request, repository, name, self.repositories, asked.now)
        if environment is None:
            return NOT_FOUND
        return self._of_environment(asked, environment)

    def _of_environment(self, asked: _Call, environment: Environment) -> Answer:
        request, item, now = asked.request, asked.parts.get("item", ""), asked.now
        calls: dict[str, Callable[[], Answer]] = {
            "get-environment": lambda: environments.show(environment),
            "list-branches": lambda: environments.branches(request, environment),
            "add-branch": lambda: environments.add_branch(request, environment, self.repositories),
            "remove-branch": lambda: environments.remove_branch(environment, item),
            "list-variables": lambda: values.list_variables(request, environment),
            "get-variable": lambda: values.show_variable(environment, item),
            "create-variable": lambda: values.create_variable(request, environment, now),
            "update-variable": lambda: values.update_variable(request, environment, item, now),
            "remove-variable": lambda: values.remove_variable(environment, item),
            "list-secrets": lambda: values.list_secrets(request, environment),
            "get-public-key": lambda: values.show_key(environment),
            "get-secret": lambda: values.show_secret(environment, item),
            "put-secret": lambda: values.put_secret(request, environment, item, now),
            "remove-secret": lambda: values.remove_secret(environment, item),
        }
        return calls[asked.name]()

    def _window(self, token: str, now: float) -> _Window:
        window = self._windows.get(token)
        if window is None or window.ends <= now:
            window = self._windows[token] = _Window(now + HOUR)
        return window

    def _controlled(self, request: Request) -> Answer:
        if not proves(request.headers.get("Authorization"), self._config.control):
            return error(401, "This needs the token of the local world")
        kind, _, rest = request.path.removeprefix("/_control/").partition("/")
        if kind == "faults":
            return Answer(*faults.answer(self.faults, request.method, request.get_data()))
        if kind == "tokens" and request.method == "POST":
            token = f"github_pat_{secrets.token_urlsafe(24)}"
            self._tokens[token] = dict(json.loads(request.get_data()))
            return Answer(201, {"token": token})
        if kind == "record":
            writes = list(self.record)
            if request.method == "DELETE":
                self.record.clear()
            return Answer(200, {"written": writes})
        if kind == "secrets" and rest.count("/") == 2:
            owner, name, environment = rest.split("/")
            repository = self.repositories.find(owner, name)
            kept = repository.environments.get(environment) if repository else None
            return Answer(200, {n: one.value for n, one in kept.secrets.items()}) if kept else NOT_FOUND
        return NOT_FOUND


def _out_of_form(request: Request) -> Answer | None:
    if not request.headers.get("User-Agent"):
        return error(403, "Request forbidden by administrative rules: it has no User-Agent header")
    if request.headers.get("X-GitHub-Api-Version", VERSIONS[0]) not in VERSIONS:
        return error(400, "The given API version is not supported")
    if (request.content_length or 0) > LARGEST_BODY:
        return error(413, "Payload too large")
    return None


def _token(request: Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() in {"bearer", "token"} and token.strip() else None


def _allows(rights: Mapping[str, str], right: str) -> bool:
    name, _, level = right.partition("=")
    return rights.get(name) in _LEVELS[_LEVELS.index(level) :]


def _rendered(request: Request, answer: Answer) -> Response:
    """Render an answer with an ETag, or 304 if the client has the same version."""
    if answer.body is None:
        return Response(status=answer.status, headers=dict(answer.headers))
    text = json.dumps(answer.body)
    response = Response(text, answer.status, dict(answer.headers), content_type="application/json; charset=utf-8")
    if request.method == "GET" and answer.status == 200:
        response.set_etag(hashlib.sha256(text.encode()).hexdigest(), weak=True)
        response.make_conditional(request)
    return response
