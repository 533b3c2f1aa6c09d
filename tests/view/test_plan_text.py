"""Whole plans as text."""

from __future__ import annotations

from typing import Literal

from deployer.core.cause import Cause, CauseKind, State
from deployer.core.desired import DesiredParameter
from deployer.core.release import RecordedRelease
from deployer.resources.ecr_repository.change import CreateRepository
from deployer.resources.plan import Plan
from deployer.resources.ssm_parameters.blocker import UnsetSecret
from deployer.resources.ssm_parameters.change import PutParameter
from deployer.resources.ssm_parameters.notice import StagedVariable
from deployer.targets.apprunner.description import APP_RUNNER
from deployer.view.plan_text import render
from tests.core.test_release import release


def plan(**more: object) -> Plan:
    fields: dict[str, object] = {
        "target": APP_RUNNER,
        "app": "demo",
        "environment": "staging",
        "account": "123456789012",
        "region": "us-west-2",
        "parameter_path": "/p",
        "service_name": "demo-staging",
        "live": RecordedRelease(
            41, release(when="2026-11-01T09:00:00+00:00", who="arn:aws:sts::1:assumed-role/ops/amir")
        ),
        "release": "abc",
        "content": "c",
        "image": "demo@sha256:0",
        "tag": "t",
        "versions": {},
        "recreated": {},
        "changes": (),
        "notices": (),
        "blockers": (),
        "warnings": (),
        "unchanged": 3,
        "facts": {},
    }
    return Plan(**{**fields, **more})  # type: ignore[arg-type]


EDIT = Cause(kind=CauseKind.EDIT)
STAGED = StagedVariable(
    "TOKEN",
    cause=Cause(
        kind=CauseKind.STAGED,
        subject="secret",
        recorded=State(version=6, path="/p/token"),
        live=State(version=7, path="/p/token"),
    ),
    line="staging.yaml:9",
)


def put(name: str, value: str | None, old: str | None, symbol: Literal["+", "~"]) -> PutParameter:
    wanted = DesiredParameter(name.lower(), f"/p/{name.lower()}", name, value, "generate:32", "", "staging.yaml:7")
    return PutParameter(wanted, version=2, old=old, symbol=symbol, causes=(EDIT,), line="staging.yaml:7")


HEAD = (
    "demo / staging   account 123456789012  us-west-2  target apprunner\n"
    "manifest env/staging.yaml   live release 41, 2026-11-01 09:00 UTC by ops/amir\n"
    "\n"
)


def text(made: Plan, *, colour: bool = False) -> str:
    return render(made, manifest="env/staging.yaml", target="apprunner", colour=colour)


def test_nothing_to_do() -> None:
    assert text(plan()) == HEAD + "Nothing to do: staging is as the manifest declares."


def test_changes_notices_and_a_summary() -> None:
    made = plan(
        changes=(
            CreateRepository("demo", symbol="+", causes=(Cause(kind=CauseKind.MISSING),)),
            put("LEVEL", "INFO", "DEBUG", "~"),
            put("API_KEY", None, None, "+"),
        ),
        notices=(STAGED,),
    )
    assert text(made) == HEAD + (
        "  Image\n"
        "    + repository demo  immutable tags, scan on push                 missing\n"
        "  Variables\n"
        "    ~ LEVEL            literal  DEBUG -> INFO                       edit  staging.yaml:7\n"
        "    + API_KEY          secret   generated now                       edit  staging.yaml:7\n"
        "    ! TOKEN            secret   v6 -> v7; containers still hold v6  staging.yaml:9\n"
        "    = 3 unchanged\n"
        "\n"
        f"Plan {made.fingerprint}: 2 to add, 1 to change, 0 to remove. No deployment."
    )


def test_blockers_come_first_with_what_mends_them() -> None:
    made = plan(blockers=(UnsetSecret("KEY", "key", line="staging.yaml:8"),))
    assert text(made) == HEAD + (
        "blocked: KEY: the secret has no value in SSM   staging.yaml:8\n"
        "    fix: just secret set staging key\n"
        "\n"
        "Plan: blocked, 1 problem must be fixed first."
    )


def test_colour_adds_nothing_but_colour() -> None:
    made = plan(changes=(put("LEVEL", "INFO", "DEBUG", "~"),))
    coloured = text(made, colour=True)
    assert coloured != text(made)
    assert coloured.replace("\x1b[33m", "").replace("\x1b[0m", "") == text(made)


def test_a_value_cannot_draw_on_the_terminal() -> None:
    assert "\x1b" not in text(plan(changes=(put("LEVEL", "\x1b[2J\n+ FAKE", None, "~"),)))


def test_a_row_that_is_wider_than_the_terminal_continues_below() -> None:
    made = plan(changes=(put("LEVEL", "INFO", "DEBUG", "~"), put("A_VARIABLE_WITH_A_LONG_NAME", "x" * 30, None, "+")))
    shown = render(made, manifest="env/staging.yaml", target="apprunner", columns=60)
    assert "    ~ LEVEL  literal DEBUG -> INFO  edit  staging.yaml:7\n" in shown
    assert (f"    + A_VARIABLE_WITH_A_LONG_NAME\n         literal {'x' * 30}\n         edit  staging.yaml:7\n") in shown
    rows = shown.partition("Variables")[2].partition("Plan ")[0].splitlines()
    assert max(map(len, rows)) <= 60
    wide = render(made, manifest="env/staging.yaml", target="apprunner", columns=200)
    assert wide == text(made)
