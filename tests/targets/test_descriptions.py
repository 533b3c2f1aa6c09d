"""What every target describes of itself, and the page that shows it."""

from __future__ import annotations

import pytest
from msgspec.structs import asdict

from deployer.manifest.targets import SECTIONS
from deployer.targets.registry import TARGETS, describe
from tests.samples import ROOT

PAGE = (ROOT / "docs" / "contributing" / "targets.md").read_text()


def test_a_manifest_chooses_from_the_targets_that_can_be_opened() -> None:
    assert tuple(SECTIONS) == TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_describes_itself_by_the_name_that_a_manifest_gives_it(name: str) -> None:
    assert describe(name).name == name


def test_the_page_shows_what_each_target_can_do() -> None:
    header, _, *rows = PAGE.split("## What a target can do")[1].split("\n\n")[2].splitlines()
    assert header == f"| capability | {' | '.join(TARGETS)} |"
    tables = [asdict(describe(name).capabilities) for name in TARGETS]
    assert rows == [f"| `{key}` | {' | '.join(f'`{table[key]}`' for table in tables)} |" for key in tables[0]]
