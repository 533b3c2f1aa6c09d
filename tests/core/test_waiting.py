"""What a reconcile would do, told apart, on the golden cases of the planner."""

from __future__ import annotations

import pytest

from deployer.core.cause import HIDDEN, DriftItem, State
from deployer.resources.service.change import DeployService
from deployer.resources.waiting import Waiting, find_waiting
from tests.golden.case import cases

EXPECTED = {
    "nothing-to-do": (0, 0, 0),
    "literal-drifted": (0, 1, 0),
    "secret-staged": (1, 0, 0),
    "literal-edited": (0, 0, 2),
    "literal-conflict": (0, 1, 1),  # the deployment brings the edit, too
    "settings-drifted": (0, 2, 0),  # one for each setting
    "settings-edited-and-drifted": (0, 1, 1),
    "plain-variable-drifted": (0, 1, 0),
    "plain-variable-conflict": (0, 1, 1),
    "plain-variable-edited": (0, 0, 2),
    "service-gone": (0, 2, 0),  # and the plain variable it held
    "service-without-tags": (0, 1, 0),
    "role-missing": (1, 1, 0),
    "lifecycle-missing": (0, 1, 0),
    "lifecycle-keep-edited": (0, 0, 1),
    "parameter-adopted": (0, 1, 0),
    "secret-missing": (0, 1, 0),
    "secret-is-a-plain-string": (0, 1, 0),
    "generated-secret-is-a-plain-string": (0, 1, 0),
    "literal-left-by-a-failed-release": (0, 0, 2),
    "literal-left-by-a-stopped-run": (0, 0, 2),
    "first-deployment-blocked-by-a-secret": (0, 0, 10),
}
CASES = {case.folder.name: case for case in cases()}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_waits_is_told_apart(name: str) -> None:
    found = _waiting(name)
    assert (len(found.staged), len(found.drift), len(found.edits)) == EXPECTED[name]


ROOT = "/app-runtime/demo/staging"
MALLORY = "arn:aws:iam::123456789012:user/mallory"
AT = "2026-11-02T10:00:00+00:00"
SECRET = State(version=1, path=f"{ROOT}/app-secret")


def text(value: str) -> State:
    return State(value=value)


DRIFT = {
    "literal-drifted": [DriftItem("LOGGING_LEVEL", "literal", text("INFO"), text("TRACE"), MALLORY, AT)],
    "literal-removed-outside": [DriftItem("LOGGING_LEVEL", "literal", text("INFO"), None)],
    "literal-is-a-string-list": [
        DriftItem("LOGGING_LEVEL", "literal", text("INFO"), State(value="INFO,DEBUG", type="StringList"), MALLORY, AT),
    ],
    "secret-reads-another-path": [
        DriftItem("APP_SECRET", "reference", State(path=f"{ROOT}/app-secret"), State(path="/elsewhere/app-secret")),
    ],
    "secret-given-as-a-plain-value": [
        DriftItem("APP_SECRET", "secret", State(path=f"{ROOT}/app-secret"), HIDDEN),
    ],
    "secret-missing": [DriftItem("APP_SECRET", "secret", SECRET, None)],
    "plain-variable-drifted": [
        DriftItem("GRAPH_URL", "literal", text("https://graph.example.org"), text("https://other.example.org")),
    ],
    "settings-drifted": [
        DriftItem("health_check.protocol", "setting", text("HTTP"), text("TCP")),
        DriftItem("auto_deployments", "setting", text("false"), text("true")),
    ],
    "service-paused": [],  # an operator chose that; it blocks every plan
    "repository-drifted": [
        DriftItem("repository demo", "tag mutability", text("IMMUTABLE"), text("MUTABLE")),
        DriftItem("repository demo", "scan on push", text("true"), text("false")),
    ],
    "parameter-adopted": [DriftItem(f"{ROOT}/app-secret", "tag", text("managed-by=deployer"), None)],
    "first-deployment-over-what-was-made-by-hand": [],
}


@pytest.mark.parametrize("name", DRIFT)
def test_drift_reads_from_what_was_recorded_to_what_is_live(name: str) -> None:
    assert list(_waiting(name).drift) == DRIFT[name]


def test_a_staged_secret_is_told_by_its_versions() -> None:
    [staged] = _waiting("secret-staged").staged
    sides = (staged.recorded, staged.live)
    path = f"{ROOT}/app-secret"
    assert sides == (State(version=1, path=path), State(version=2, path=path))
    assert staged.who == "arn:aws:sts::123456789012:assumed-role/operators/zaid"


@pytest.mark.parametrize("name", CASES)
def test_drift_is_found_wherever_the_plan_says_so(name: str) -> None:
    plan, found = CASES[name].plan(), _waiting(name)
    said = [change for change in plan.changes if any(cause.is_drift for cause in change.causes)]
    assert bool(found.drift) or not said or all(isinstance(change, DeployService) for change in said)
    assert len(found.staged) == sum(notice.symbol == "!" for notice in plan.notices)
    assert all(item.recorded != item.live for item in (*found.drift, *found.staged))


def _waiting(name: str) -> Waiting:
    case = CASES[name]
    return find_waiting(case.plan())
