"""What knows a compute platform by name: its own folders, and the place where a manifest chooses it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.samples import ROOT

NAMED = re.compile(r"app.?runner", re.IGNORECASE)
AIOHTTP = "web.AppRunner"  # aiohttp's class for a running server
OWN = ("deployer/targets/apprunner/", "deployer/local/apprunner/")
CHOICE = {
    "deployer/local/emulators.py",
    "deployer/manifest/targets.py",
    "deployer/targets/registry.py",
    "deployer/targets/reserved.py",
}
LEGACY = {"deployer/ci/legacy.py", "deployer/cli/ci.py"}


def naming() -> Iterator[str]:
    """The files of the source that name App Runner, its own folders left out."""
    files = [path for folder in ("deployer", "ansari_whatsapp", ".ci") for path in (ROOT / folder).rglob("*")]
    for path in [*files, ROOT / "Dockerfile", ROOT / "Justfile"]:
        name = str(path.relative_to(ROOT))
        if not path.is_file() or "__pycache__" in path.parts or name.startswith(OWN):
            continue
        if NAMED.search(path.read_text(errors="ignore").replace(AIOHTTP, "")):
            yield name


def test_only_its_own_folders_name_app_runner() -> None:
    assert set(naming()) - CHOICE - LEGACY == set()


PRIVATE = re.compile(r"kms_?key|encryption\.|scaling_?arn|access_role|instance_role", re.IGNORECASE)


def test_what_every_target_shares_knows_no_setting_of_app_runner() -> None:
    shared = [*(ROOT / "deployer/core").rglob("*.py"), *(ROOT / "deployer/run").glob("*.py")]
    shared += [*(ROOT / "deployer/resources").rglob("*.py"), ROOT / "deployer/targets/base.py"]
    assert [str(path.relative_to(ROOT)) for path in shared if PRIVATE.search(path.read_text())] == []


def test_the_places_of_the_choice_name_it() -> None:
    assert set(naming()) >= CHOICE | LEGACY
