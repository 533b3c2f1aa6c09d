"""The local world: one background process with an AWS endpoint and stand-ins for the service's upstream services.

`python -m deployer.local.world MANIFEST` runs until SIGTERM or SIGINT and stops everything it started.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from aiohttp import web

from deployer.errors import DeployerError
from deployer.local.endpoint import AwsEndpoint
from deployer.local.settings import WorldSettings, world_settings
from deployer.local.stand_ins import make_stand_ins
from deployer.local.upstream import VARIABLE
from deployer.manifest.load import load_manifest
from deployer.world_keys import Keys, remove, write

if TYPE_CHECKING:
    from deployer.local.github import GitHub

GARBAGE_AFTER = 50_000  # objects made and not freed, until they are searched


class Control:
    """The world's own routes beside the AWS endpoint: who it is, the secrets it hands out, and its GitHub."""

    def __init__(self, settings: WorldSettings, handed_out: Mapping[str, str], keys: Keys) -> None:
        self._token = keys.token
        self._github_token = "github_pat_" + secrets.token_urlsafe(48)
        self._handed_out = {"github-token": self._github_token, **handed_out}
        self._root = settings.root
        self._github: GitHub | None = None
        self._lock = threading.Lock()
        self._world = {
            "pid": os.getpid(),
            "root": str(settings.root),
            "ports": settings.ports,
            "access_key": keys.access_key,
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"].removeprefix("/_local/")
        if path.startswith("github/"):
            mounted = {"SCRIPT_NAME": "/_local/github", "PATH_INFO": path.removeprefix("github")}
            return self._its_github()({**environ, **mounted}, start_response)
        if path == "world":
            return _answer(start_response, "200 OK", self._world)
        kind, _, name = path.partition("/")
        if kind == "secrets" and name in self._handed_out:
            return _answer(start_response, "200 OK", {"value": self._handed_out[name]})
        return _answer(start_response, "404 Not Found", {"error": "no such thing in the local world"})

    def _its_github(self) -> GitHub:
        """Made when it is asked for first: most worlds never are."""
        from deployer.local.github import GitHub, GitHubConfig  # noqa: PLC0415
        from deployer.local.github.app import EVERYTHING  # noqa: PLC0415

        with self._lock:
            if self._github is None:
                tokens = {self._github_token: EVERYTHING}
                self._github = GitHub(GitHubConfig(tokens, lambda: repositories(self._root), self._token))
            return self._github


def repositories(root: Path) -> set[str]:
    """Those that the project's manifests name. One that cannot be read names none."""
    named = set()
    for path in sorted((root / "env").glob("*.yaml")):
        with suppress(DeployerError):
            github = load_manifest(path).manifest.github
            named |= {github.repository} if github else set()
    return named


def _answer(start_response: Callable[..., Any], status: str, body: object) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]


async def serve(settings: WorldSettings) -> None:
    """Run the world until a signal asks it to stop."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    keys = Keys.make()
    upstream = list(make_stand_ins(settings, keys.token))
    handed_out = {name: value for one in upstream for name, value in one.secrets.items()}
    endpoint = AwsEndpoint(
        port=settings.aws,
        account=settings.account,
        region=settings.region,
        images=settings.images,
        work=settings.home / "work",
        loop=loop,
        control=Control(settings, handed_out, keys),
        keys=keys,
        upstream=os.environ.get(VARIABLE),
    )
    runners = [await _listen(one.app, one.port) for one in upstream]
    endpoint.listen()  # no other world has the port now, so the file with its keys is this world's to write
    write(settings.keys, settings.aws, keys)
    endpoint.start()
    print(f"local world: ready, pid {os.getpid()}", flush=True)  # noqa: T201 -- its log file
    try:
        await stop.wait()
    finally:
        await asyncio.to_thread(endpoint.stop)
        for runner in runners:
            await runner.cleanup()
        remove(settings.keys, settings.aws)


async def _listen(app: web.Application, port: int) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


def main(manifest: str) -> NoReturn:
    """Run the world of a manifest; the exit code shows whether it ended as asked.

    What moto holds is large and stays: little is won by searching it for garbage often, nor by freeing it at the end.
    """
    gc.set_threshold(GARBAGE_AFTER)
    settings = world_settings(load_manifest(Path(manifest)))
    code = 0
    try:
        asyncio.run(serve(settings))
    except OSError as error:
        print(f"local world: {error}", file=sys.stderr)  # noqa: T201
        code = 1
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
