"""What knows a compute platform by name: its own folders, and the place where a manifest chooses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.samples import ROOT

AIOHTTP = "web.AppRunner"  # aiohttp's class for a running server
SHARED = "deployer/local/compute/"  # what every emulator of a platform needs


@dataclass(frozen=True)
class Platform:
    """A compute platform: how it is named, its own folders, and the other files that may name it."""

    named: re.Pattern[str]
    own: tuple[str, ...]
    choice: frozenset[str]


PLATFORMS = {
    "apprunner": Platform(
        re.compile(r"app.?runner", re.IGNORECASE),
        ("deployer/targets/apprunner/", "deployer/local/apprunner/"),
        frozenset(
            {
                "deployer/local/emulators.py",
                "deployer/manifest/targets.py",
                "deployer/targets/registry.py",
                "deployer/targets/reserved.py",
                "deployer/ci/legacy.py",
                "deployer/cli/ci.py",
            }
        ),
    ),
    "ecs_express": Platform(
        re.compile(r"ecs.?express|express.?gateway|express mode", re.IGNORECASE),
        ("deployer/targets/ecs_express/", "deployer/local/ecs_express/"),
        frozenset(
            {
                "deployer/local/emulators.py",
                "deployer/manifest/targets.py",
                "deployer/targets/registry.py",
                "deployer/targets/reserved.py",
                "ansari_whatsapp/refusals.py",  # cites its guide
            }
        ),
    ),
}


def naming(platform: Platform) -> Iterator[str]:
    """The files of the source that name a platform, its own folders left out."""
    files = [path for folder in ("deployer", "ansari_whatsapp", ".ci") for path in (ROOT / folder).rglob("*")]
    for path in [*files, ROOT / "Dockerfile", ROOT / "Justfile"]:
        name = str(path.relative_to(ROOT))
        if not path.is_file() or "__pycache__" in path.parts or name.startswith(platform.own):
            continue
        if platform.named.search(path.read_text(errors="ignore").replace(AIOHTTP, "")):
            yield name


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)
def test_only_its_own_folders_and_the_places_of_the_choice_name_a_platform(platform: Platform) -> None:
    assert set(naming(platform)) == platform.choice


def test_what_the_emulators_share_imports_none_of_them() -> None:
    own = tuple(folder.replace("/", ".") for platform in PLATFORMS.values() for folder in platform.own)
    files = list((ROOT / SHARED).glob("*.py"))
    assert files
    assert [path.name for path in files if any(name in f"{path.read_text()}" for name in own)] == []


PRIVATE = re.compile(r"kms_?key|encryption\.|scaling_?arn|access_role|instance_role", re.IGNORECASE)


def test_what_every_target_shares_knows_no_setting_of_app_runner() -> None:
    shared = [*(ROOT / "deployer/core").rglob("*.py"), *(ROOT / "deployer/run").glob("*.py")]
    shared += [*(ROOT / "deployer/resources").rglob("*.py"), ROOT / "deployer/targets/base.py"]
    assert [str(path.relative_to(ROOT)) for path in shared if PRIVATE.search(path.read_text())] == []
