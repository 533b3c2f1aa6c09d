"""A checkout with staging and production in the local world, next to the environment `local`."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from tests.e2e import aws
from tests.e2e.checkout import Checkout, make_checkout
from tests.ports import free_port
from tests.terminal import on_terminal
from tests.typed import write_deployer

TOKEN = "meta-access-token-from-sys-user"
SECRETS = {
    TOKEN: "documented-system-token-of-{}",
    "whatsapp-service-api-key": "documented-api-key-of-{}",
    "meta-business-phone-number-id": "15550001111",
    "meta-app-secret": "documented-app-secret-of-{}",
}
TOOLS = "the recipes need just and uv: run the tests by ./just test"


def missing_tools() -> bool:
    return not (shutil.which("just") and shutil.which("uv"))


class World:
    """`just` is the real one, with this process's Python behind it, so that nothing is installed.

    Its `deployer` starts from nothing if `cold`, else from a process that has imported it.
    """

    def __init__(self, root: Path, *, cold: bool = False) -> None:
        self.checkout = make_checkout(root)
        for name in ("staging", "production"):
            _move_here(self.checkout, root / "env" / f"{name}.yaml")
        venv = root / ".venv"
        (venv / "bin").mkdir(parents=True)
        for program in (Path(sys.prefix) / "bin").iterdir():
            if cold or program.name != "deployer":
                (venv / "bin" / program.name).symlink_to(program)
        if not cold:
            write_deployer(venv / "bin" / "deployer")
        for lock in ("requirements.lock", "requirements-dev.lock"):
            shutil.copy(root / lock, venv / f".{lock}")  # what .just/sync leaves when it has installed it
        self.checkout.git("branch", "--move", "main")

    def close(self) -> None:
        self.checkout.deployer("local", "down")

    def settle(self) -> None:
        """Start the world and release each environment, staging twice, so that a rollback is possible.

        A third environment, preview, is a copy of staging that a page can destroy.
        """
        staging = (self.checkout.root / "env" / "staging.yaml").read_text()
        preview = re.sub(r"port: \d+", f"port: {free_port()}", staging)
        preview = re.sub("((?:environment: |whatsapp/|ansari-|Role-))staging", r"\1preview", preview)
        (self.checkout.root / "env" / "preview.yaml").write_text(preview)
        self.checkout.git("add", "env")
        self.checkout.git("commit", "--all", "--quiet", "--message", "the environments of this world")
        self.checkout.start_world()
        self.run("just reconcile local")
        self.token = token = aws.secret_values(self.checkout)[TOKEN]
        for name in ("staging", "production", "preview"):
            for secret, value in {**SECRETS, TOKEN: token}.items():
                done = self.checkout.deployer("secret", "set", name, secret, stdin=value.format(name))
                assert done.returncode == 0, done.stderr
        self.run("just reconcile preview", "just reconcile staging", "just set staging logging-level WARNING")
        self.checkout.git("commit", "--all", "--quiet", "--message", "Staging logs less")
        self.run("just reconcile staging")

    def tidy(self) -> None:
        """Undo the changes of a page: restore the committed files, and a valid token of Meta."""
        self.checkout.git("checkout", "--quiet", ".")
        self.checkout.git("clean", "--quiet", "--force", "env")
        name = f"/app-runtime/ansari-whatsapp/staging/{TOKEN}"
        held = aws.ssm(self.checkout).get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        if held != self.token:
            aws.ssm(self.checkout).put_parameter(Name=name, Value=self.token, Type="SecureString", Overwrite=True)
            self.run("just reconcile staging")

    def run(self, *commands: str, typed: tuple[tuple[str, str], ...] = ()) -> str:
        """Run the commands at a terminal, in one shell that stops at the first failure."""
        script = "\n".join(("set -e", *(f"echo '$' {_quoted(line)}\n{line}" for line in commands)))
        code, shown = on_terminal(
            ["/usr/bin/env", *_settings(self.checkout), "bash", "-c", script], self.checkout.root, *typed
        )
        assert code == 0, shown
        return shown


def _settings(checkout: Checkout) -> tuple[str, ...]:
    identity = ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")
    path = f"{checkout.root}/.venv/bin:{os.environ['PATH']}"
    return (f"PYTHONPATH={checkout.root}", f"PATH={path}", *(f"{name}=tester@example.invalid" for name in identity))


def _quoted(line: str) -> str:
    return "'" + line.replace("'", "'\\''") + "'"


def _move_here(checkout: Checkout, manifest: Path) -> None:
    """Give the manifest the local account and endpoint, a port of its own, and roles that the deployer creates."""
    name = manifest.stem
    text = manifest.read_text()
    for pattern, new in (
        (r'account: "\d+".*', f'account: "000000000000"\n  endpoint: {checkout.endpoint}'),
        (r"port: 8001", f"port: {free_port()}"),
        (r"interval: 5", "interval: 1"),
        (r"access: (\w+), instance: (\w+), managed: false", rf"access: \1-{name}, instance: \2-{name}, managed: true"),
        (r"(backend-server-url: .*value: ).*", rf'\1"http://127.0.0.1:{checkout.ports["8000"]}"}}'),
        (r'(meta-graph-url: .*value: )"[^"]*"', rf'\1"http://127.0.0.1:{checkout.ports["8002"]}"'),
        (r"(deployment-type: .*value: )\w+", r"\1local"),
    ):
        text, done = re.subn(pattern, new, text)
        assert done == 1, f"{manifest}: {pattern}"
    manifest.write_text(text)
