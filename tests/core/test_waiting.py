"""What a reconcile would do, told apart, on the golden cases of the planner."""

from __future__ import annotations

import pytest

from deployer.core.change import DeployService
from deployer.core.drift_item import DriftItem
from deployer.core.reasons import drifted
from deployer.core.waiting import Waiting, waiting
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
DRIFT = {
    "literal-drifted": [DriftItem("LOGGING_LEVEL", "literal", "INFO", "TRACE", MALLORY, AT)],
    "literal-removed-outside": [DriftItem("LOGGING_LEVEL", "literal", "INFO", None)],
    "literal-is-a-string-list": [
        DriftItem("LOGGING_LEVEL", "literal", "INFO", "StringList INFO,DEBUG", MALLORY, AT),
    ],
    "secret-reads-another-path": [
        DriftItem("APP_SECRET", "reference", f"{ROOT}/app-secret", "/elsewhere/app-secret"),
    ],
    "secret-given-as-a-plain-value": [
        DriftItem("APP_SECRET", "secret", f"{ROOT}/app-secret", "a value that is not shown"),
    ],
    "secret-missing": [DriftItem("APP_SECRET", "secret", f"v1 of {ROOT}/app-secret", None)],
    "plain-variable-drifted": [
        DriftItem("GRAPH_URL", "literal", "https://graph.example.org", "https://other.example.org"),
    ],
    "settings-drifted": [
        DriftItem("health_check.protocol", "setting", "HTTP", "TCP"),
        DriftItem("auto_deployments", "setting", "false", "true"),
    ],
    "service-paused": [],  # an operator chose that; it blocks every plan
    "repository-drifted": [
        DriftItem("repository demo", "repository", "immutable tags, scan on push", "mutable tags, no scan on push"),
    ],
    "parameter-adopted": [DriftItem(f"{ROOT}/app-secret", "tag", "managed-by=deployer", None)],
    "first-deployment-over-what-was-made-by-hand": [],
}


@pytest.mark.parametrize("name", DRIFT)
def test_drift_reads_from_what_was_recorded_to_what_is_live(name: str) -> None:
    assert list(_waiting(name).drift) == DRIFT[name]


def test_a_staged_secret_is_told_by_its_versions() -> None:
    [staged] = _waiting("secret-staged").staged
    sides = (staged.recorded, staged.live)
    assert sides == (f"v1 of {ROOT}/app-secret", f"v2 of {ROOT}/app-secret")
    assert staged.who == "arn:aws:sts::123456789012:assumed-role/operators/zaid"


@pytest.mark.parametrize("name", CASES)
def test_drift_is_found_wherever_the_plan_says_so(name: str) -> None:
    plan, found = CASES[name].plan(), _waiting(name)
    said = [change for change in plan.changes if drifted(change.reason)]
    assert bool(found.drift) or not said or all(isinstance(change, DeployService) for change in said)
    assert len(found.staged) == sum(notice.symbol == "!" for notice in plan.notices)
    assert all(item.recorded != item.live for item in (*found.drift, *found.staged))


def _waiting(name: str) -> Waiting:
    case = CASES[name]
    return waiting(case.plan(), case.wanted, case.facts)
