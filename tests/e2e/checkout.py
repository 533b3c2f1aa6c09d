"""A checkout of the project as a newcomer has it, on ports of its own."""

from __future__ import annotations

import atexit
import functools
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deployer.world_keys import Keys, keys_in, read, write
from tests import ready
from tests.ports import free_port, free_ports
from tests.samples import ROOT, copy_checkout
from tests.worlds import start_world

PORTS = ("4566", "8000", "8001", "8002")


@dataclass(frozen=True)
class Checkout:
    """`ports` maps the port a newcomer sees to the free one used here."""

    root: Path
    ports: dict[str, int]

    @property
    def manifest(self) -> Path:
        return self.root / "env" / "local.yaml"

    @property
    def service(self) -> str:
        return f"http://127.0.0.1:{self.ports['8001']}"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports['4566']}"

    @property
    def keys(self) -> Keys:
        """The keys of the running world; NONE when no world runs."""
        return read(keys_in(self.root), self.endpoint)

    def share_keys(self, port: int) -> None:
        """Use the keys of the running world for a proxy on `port`, too."""
        write(keys_in(self.root), port, self.keys)

    def just(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """What the README says to type."""
        command = [str(self.root / "just"), *arguments]
        return subprocess.run(
            command, cwd=self.root, input=stdin, capture_output=True, text=True, check=False, timeout=110
        )

    def deployer(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The same without the set-up in front of it."""
        return ready.deployer(self.root, *arguments, stdin=stdin)

    def start_world(self) -> None:
        """Start the world of this checkout, in less time than `deployer local up` takes."""
        start_world(self.manifest)

    def edit(self, old: str, new: str) -> None:
        text = self.manifest.read_text()
        assert text.count(old) == 1, old
        self.manifest.write_text(text.replace(old, new))

    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.invalid"]
        subprocess.run(["git", "-C", str(self.root), *identity, *arguments], check=True, capture_output=True)


def approved(checkout: Checkout, *words: str) -> tuple[str, ...]:
    """The words of a rollback where there is no terminal: with the fingerprint of the plan that was looked at."""
    planned = checkout.deployer("plan", words[0], "--rollback", *words[1:], "--json")
    if planned.returncode:
        return ("rollback", *words)
    return ("rollback", *words, "--approve", json.loads(planned.stdout)["fingerprint"])


def resumed(checkout: Checkout, name: str = "local") -> tuple[str, ...]:
    """The words that lift the hold there is."""
    found = json.loads(checkout.deployer("hold", name, "--json").stdout)
    return ("resume", name, "--approve", found["id"])


def write_second(checkout: Checkout, old: str, new: str) -> None:
    """A second environment in the same world, with a service of its own and one line that differs."""
    text = checkout.manifest.read_text()
    edits = {
        "environment: local\n": "environment: second\n",
        "whatsapp/local\n": "whatsapp/second\n",
        "ansari-local-whatsapp": "ansari-second-whatsapp",
        f"port: {checkout.ports['8001']} ": f"port: {free_port()} ",
        old: new,
    }
    for before, after in edits.items():
        assert before in text, before
        text = text.replace(before, after)
    (checkout.root / "env" / "second.yaml").write_text(text)


def write_piped(checkout: Checkout) -> None:
    """A manifest whose environment GitHub deploys; nothing of it was made."""
    text = checkout.manifest.read_text()
    text = text.replace("environment: local\n", "environment: piped\n").replace("whatsapp/local\n", "whatsapp/piped\n")
    text = text.replace("ansari-local-whatsapp", "ansari-piped-whatsapp")
    credentials = "credentials: {kind: oidc, role: piped-github-actions, managed: true}"
    github = f"github:\n  repository: ansari-project/ansari-whatsapp\n  branch: main\n  {credentials}\n"
    (checkout.root / "env" / "piped.yaml").write_text(text + github)


def make_checkout(root: Path) -> Checkout:
    """Everything that git tracks or would track, with the sample manifests, in a repository of its own."""
    subprocess.run(["cp", "-a", f"{_committed()}/.", str(root)], check=True)
    checkout = Checkout(root, dict(zip(PORTS, free_ports(len(PORTS)), strict=True)))
    # In one pass: a free port may hold the digits of another one that is known, as 18002 does.
    known = re.compile(rf"\b(?:{'|'.join(PORTS)})\b")
    checkout.manifest.write_text(known.sub(lambda found: str(checkout.ports[found[0]]), checkout.manifest.read_text()))
    checkout.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    return checkout


@functools.cache
def _committed() -> Path:
    """Commit the project that every checkout of this process is copied from. The existing bytecode is copied too."""
    root = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    copy_checkout(root)
    for package in ("ansari_whatsapp", "deployer"):
        for compiled in (ROOT / package).rglob("__pycache__"):
            shutil.copytree(compiled, root / compiled.relative_to(ROOT))
    checkout = Checkout(root, {})
    checkout.git("init", "--quiet")
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message", "all of it")
    checkout.git("repack", "--quiet", "-a", "-d")
    return root
