"""What every target describes of itself, and the page that shows it."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import asdict

from deployer.manifest.targets import SECTIONS
from deployer.targets.apprunner.target import AppRunner
from deployer.targets.base import KeepsScalings, Pauses
from deployer.targets.ecs_express.target import EcsExpress
from deployer.targets.registry import describe, targets
from tests.samples import ROOT

PAGE = (ROOT / "docs" / "contributing" / "targets.md").read_text()


def test_a_manifest_chooses_from_the_targets_that_can_be_opened() -> None:
    assert tuple(SECTIONS) == targets()


@pytest.mark.parametrize("name", targets())
def test_a_target_describes_itself_by_the_name_that_a_manifest_gives_it(name: str) -> None:
    assert describe(name).name == name


def test_the_page_shows_what_each_target_can_do() -> None:
    header, _, *rows = PAGE.split("## What a target can do")[1].split("\n\n")[2].splitlines()
    assert header == f"| capability | {' | '.join(targets())} |"
    tables = [asdict(describe(name).capabilities) for name in targets()]
    assert rows == [f"| `{key}` | {' | '.join(cell(table[key]) for table in tables)} |" for key in tables[0]]


def cell(value: object) -> str:
    """A value of the table as the page shows it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(f"`{part}`" for part in value)
        case str():
            return value if " " in value else f"`{value}`"
        case _:
            return str(value)


@pytest.mark.parametrize("name", targets())
def test_the_table_is_true_of_the_section_and_of_the_protocol(name: str) -> None:
    """A capability that no key asks for, or a key that the target cannot keep, would be a lie of the table."""
    table, section, described = describe(name).capabilities, SECTIONS[name], describe(name)
    schema = json.dumps(section.type.model_json_schema())
    keys = set(section.type.model_fields) - set(section.ignored) - set(section.refused)
    assert table.pause == ("paused" in keys)
    assert table.pause or not table.updates_while_paused
    assert table.concurrency == ('"concurrency"' in schema)
    assert table.tcp_health_check == ('"TCP"' in schema)
    assert table.encryption_key == ("encryption" in keys)
    assert table.observability == ("observability" in keys)
    assert section.title == described.title
    assert {key.partition(".")[0] for key in described.fixed} <= keys
    assert bool(described.commands.list_scaling) == (table.scaling_revisions > 0)


@pytest.mark.parametrize("target", [AppRunner, EcsExpress])
def test_a_target_has_the_calls_that_its_table_promises(target: type[AppRunner | EcsExpress]) -> None:
    table = target.description.capabilities
    assert issubclass(target, Pauses) == table.pause
    assert issubclass(target, KeepsScalings) == (table.scaling_revisions > 0)
