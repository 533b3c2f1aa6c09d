"""Run the tool that builds and pushes images, and show its output as it comes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deployer.core.secret import SecretValue
from deployer.errors import DeployerError, UsageError
from deployer.image import tool as tools
from deployer.image.tool import Build, Registry
from deployer.view.progress import Reporter

KEPT = 40  # lines of a tool's output that are read when it fails
SHOWN = 3


@dataclass(frozen=True)
class Builder:
    """One of docker, podman and buildah that works."""

    tool: str
    report: Reporter

    def build(self, build: Build) -> str:
        """Build the image; returns its platform. Raises DeployerError with the tool's own last lines."""
        with _secrets() as secrets:
            made = Build(build.folder, build.name, build.revision, build.source, build.platform, build.base, secrets)
            code, said = self._run(tools.build_command(self.tool, made))
        if code:
            raise DeployerError(
                f"{self.tool} could not build the image; nothing was pushed",
                why=_last(said),
                fix="fix what it names, then run again: steps that succeeded are not repeated",
            )
        done = subprocess.run(
            tools.platform_command(self.tool, build.name), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DeployerError(f"{self.tool} does not find the image it has built", why=_last(done.stderr))
        return done.stdout.strip()

    def push(self, name: str, registry: Registry, password: SecretValue) -> str | None:
        """Push a built image; returns the digest that the tool reports, if any.

        Raises DeployerError with the tool's own last lines. The login is kept for this push only.
        """
        with _own_login() as (environment, digest_file):
            code, said = self._run(tools.login_command(self.tool, registry), environment, password)
            if code:
                raise _failed(f"{self.tool} could not log in to {registry.host}; nothing was pushed", said)
            for command in tools.push_commands(self.tool, name, registry, str(digest_file)):
                code, said = self._run(command, environment)
                if code:
                    raise _failed(f"{self.tool} could not push {name} to {registry.host}", said)
            written = digest_file.read_text() if digest_file.exists() else ""
        return tools.pushed_digest(said, written)

    def _run(
        self, command: list[str], environment: Mapping[str, str] | None = None, stdin: SecretValue | None = None
    ) -> tuple[int, str]:
        """The exit code and the last lines. If this process is stopped, the tool is stopped too."""
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **tools.ENVIRONMENT, **(environment or {})},
            text=True,
            errors="replace",
        )
        lines: list[str] = []
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                with process.stdin as given:
                    given.write(stdin.reveal() if stdin else "")
            except BrokenPipeError:
                pass  # it has already failed and printed why
            for line in process.stdout:
                lines = [*lines[1 - KEPT :], line.rstrip()]
                if stdin is None:
                    self.report.note(f"    {line.rstrip()}")
            return process.wait(), "\n".join(lines)
        except BaseException:
            process.terminate()
            process.wait()
            raise


def find_builder(report: Reporter, tool: str | None = None) -> Builder:
    """The first tool that works, or the tool that was chosen. Raises DeployerError when there is none."""
    if tool not in {None, *tools.TOOLS}:
        raise UsageError(f"{tool} is not a supported tool", fix=f"one of {', '.join(tools.TOOLS)}")
    names = (tool,) if tool else tools.TOOLS
    clients = [name for name in names if shutil.which(name)]
    reasons: list[str] = []
    for name in clients:
        why = why_not(name)
        if why is None:
            return Builder(name, report)
        reasons.append(why)
    if not clients:
        raise DeployerError(
            f"nothing that builds images was found: no {', no '.join(names)}",
            fix="install one of them, or let CI build the image",
        )
    raise DeployerError(
        f"{' and '.join(clients)} cannot build images here: the client is there, and what it talks to does not answer",
        why="; ".join(reasons),
        fix="start it; or install buildah, which needs no engine",
    )


def why_not(name: str) -> str | None:
    """Return why an installed tool does not work, or None."""
    try:
        done = subprocess.run([name, *tools.ALIVE[name]], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{name}: {error.strerror}"
    return None if done.returncode == 0 else _last(done.stderr) or f"{name} ended with {done.returncode}"


@contextmanager
def _secrets() -> Iterator[dict[str, str]]:
    """Write the build's secret files: a package index, and this machine's own certificates."""
    with TemporaryDirectory(prefix="deployer-build-") as folder:
        files: dict[str, str] = {}
        if lines := tools.index_file(os.environ):
            file = Path(folder, "index")
            file.touch(mode=0o600)
            file.write_text(lines)
            files["index"] = str(file)
        bundles = (os.environ.get(name, "") for name in tools.CERTIFICATES)
        if bundle := next((path for path in bundles if path and Path(path).is_file()), None):
            files["certificates"] = bundle
        yield files


@contextmanager
def _own_login() -> Iterator[tuple[dict[str, str], Path]]:
    """A temporary location for the login, and one for the digest. docker keeps the engine it talks to."""
    with TemporaryDirectory(prefix="deployer-push-") as name:
        folder = Path(name)
        theirs = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
        config: dict[str, str] = {}
        try:
            context = json.loads((theirs / "config.json").read_text()).get("currentContext")
            config = {"currentContext": context} if context else {}
        except (OSError, ValueError, AttributeError):
            pass  # docker has none, or one that only docker can check
        (folder / "config.json").write_text(json.dumps(config))
        if (theirs / "contexts").is_dir():
            (folder / "contexts").symlink_to(theirs / "contexts")
        login = {"DOCKER_CONFIG": name, "REGISTRY_AUTH_FILE": str(folder / "auth.json")}
        yield login, folder / "digest"


def _failed(what: str, said: str) -> DeployerError:
    why, fix = tools.meaning(said)
    return DeployerError(what, why=": ".join(filter(None, (why, _last(said)))), fix=fix)


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " / ".join(lines[-SHOWN:])
