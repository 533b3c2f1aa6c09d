"""A service of another name, made of what the page says, from its first plan to its end in the local world."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import ready
from tests.docs.pages import ROOT, blocks
from tests.ports import free_ports

PAGE = "docs/how-to/deploy-another-service.md"
NAMED = re.compile(r"^[^\n]*`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORTS = ("4577", "8077")

pytestmark = pytest.mark.timeout(300)


class Project:
    """The page's files in a folder of their own, on free ports, and the environment of a user who has no `just`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        for name, text in NAMED.findall((ROOT / PAGE).read_text()):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(self.here(text))
        self.run(*(line for block in blocks(PAGE) for line in block.commands if line.startswith("git ")))

    def here(self, text: str) -> str:
        for known, free in self.ports.items():
            text = text.replace(known, free)
        return text

    def run(self, *commands: str) -> None:
        identity = {f"GIT_{who}_{what}": "tester" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        for command in commands:
            subprocess.run(command, shell=True, cwd=self.root, env={**os.environ, **identity}, check=True)  # noqa: S602

    def deployer(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "DEPLOYER_JUST"}
        return ready.deployer(self.root, *words, environment=environment)

    def good(self, *words: str) -> str:
        done = self.deployer(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        shown = done.stdout + done.stderr
        # What a change holds is shown as the plan's document has it, which is the same for every user.
        assert "--json" in words or "just " not in shown.replace("until: just resume local", "")
        return shown

    def answer(self) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.ports['8077']}/")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("notes"))
    yield made
    made.deployer("local", "down")


def test_check_says_what_it_cannot_check(project: Project) -> None:
    assert project.good("check").splitlines() == [
        "env/local.yaml: good (1 secret, 1 literal)",
        "  not checked: whether the service starts with these variables: deployer.yaml names no settings class",
    ]


def test_it_is_deployed_and_proves_its_release(project: Project) -> None:
    assert "notes / local" in project.good("plan", "local")
    done = project.good("reconcile", "local")
    assert "whether the service accepts its secrets: deployer.yaml names no settings class" in done
    assert re.search(r"probe +GET \S+/ reports [0-9a-f]{12}", done)
    assert project.answer().json() == {"greeting": "Hello", "notes": []}
    shown = json.loads(project.good("status", "local", "--json"))
    assert (shown["app"], shown["state"]) == ("notes", "healthy")
    assert shown["release"] == project.answer().headers["X-Release"]
    assert project.good("reconcile", "local").startswith("notes / local")
    status = subprocess.run(["git", "status", "--porcelain"], cwd=project.root, capture_output=True, check=True)
    assert status.stdout == b""


def test_a_change_is_deployed_and_taken_back(project: Project) -> None:
    project.good("set", "local", "greeting", "Good morning")
    project.good("reconcile", "local")
    assert project.answer().json()["greeting"] == "Good morning"
    plan = json.loads(project.good("plan", "local", "--rollback", "--json"))
    project.good("rollback", "local", "--approve", plan["fingerprint"])
    assert project.answer().json()["greeting"] == "Hello"
    assert [one["outcome"] for one in json.loads(project.good("releases", "local", "--json"))] == ["healthy"] * 3


def test_without_a_release_header_any_answer_of_the_health_path_counts(project: Project) -> None:
    file = project.root / "deployer.yaml"
    text = file.read_text()
    file.write_text(text.replace("release_header: X-Release\n", ""))
    hold = json.loads(project.good("hold", "local", "--json"))
    project.good("resume", "local", "--approve", hold["id"])
    try:
        assert re.search(r"probe +GET \S+/ answers; it names no release", project.good("reconcile", "local"))
        shown = json.loads(project.good("status", "local", "--json"))
    finally:
        file.write_text(text)
    assert (shown["state"], shown["answers"]) == ("healthy", "yes: it answers, and names no release")


def test_a_release_that_the_header_does_not_name_is_not_healthy(project: Project) -> None:
    service = project.root / "notes.py"
    text = service.read_text()
    service.write_text(text.replace('os.environ["APP_RELEASE"]', '"another"'))
    done = project.deployer("reconcile", "local")
    service.write_text(text)
    assert done.returncode == 5, done.stderr
    assert "last seen: 200, release another" in done.stderr


def test_a_settings_class_of_the_project_is_used(project: Project) -> None:
    file = project.root / "deployer.yaml"
    text = file.read_text()
    file.write_text(text + "settings: notes_settings:Settings\n")
    (project.root / "notes_settings.py").write_text(
        "import pydantic\n\n\nclass Settings(pydantic.BaseModel):\n    greeting: int\n    signing_key: str\n"
    )
    done = project.deployer("check")
    file.write_text(text)
    assert done.returncode == 3
    assert "the service refuses this value of GREETING" in done.stderr


def test_what_talks_to_meta_is_refused(project: Project) -> None:
    done = project.deployer("say", "local", "hello")
    assert done.returncode == 3
    assert "the local world of env/local.yaml has no Meta" in done.stderr


def test_it_is_destroyed(project: Project) -> None:
    assert "local is gone." in project.good("destroy", "local", "--approve", "notes-local")
    assert json.loads(project.good("status", "local", "--json"))["service"] is None
    assert project.good("local", "down") == "The local world is down.\n"


def test_the_page_shows_the_commands_that_are_tested_here() -> None:
    tested = Path(__file__).read_text()
    for block in blocks(PAGE):
        for line in block.commands if block.kind == "sh" else ():
            program, verb, *_ = line.split()
            assert program in {"git", "curl"} or f'"{verb}"' in tested, line
