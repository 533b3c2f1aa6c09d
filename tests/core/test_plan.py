"""A plan that says only what every plan has to say, and what its fingerprint depends on."""

from __future__ import annotations

import json

import pytest

from deployer.resources.ecr_repository.change import CreateRepository
from deployer.resources.ssm_parameters.blocker import UnsetSecret
from deployer.view.plan_json import PlanDocument, document
from tests.view.test_plan_text import plan


def test_what_a_plan_does_not_say_is_absent() -> None:
    made = plan()

    assert (made.took, made.known_bad, made.rollback_to, made.hold, dict(made.unmanaged)) == ((), None, None, None, {})
    assert (made.with_secrets, made.prune, made.held, made.postponed) == (False, False, False, False)


def test_its_document_says_the_same() -> None:
    made = document(plan())

    assert (made.typical_seconds, made.known_bad, made.rollback_to, made.hold) == ((), None, None, None)
    assert (made.with_secrets, made.prune, made.held, made.postponed) == (False, False, False, "")
    assert (made.changes, made.notices, made.blockers, made.warnings) == ((), (), (), ())


def test_a_document_without_a_postponement_is_one_of_a_plan_that_is_not_postponed() -> None:
    fields = json.loads(document(plan()).model_dump_json())
    del fields["postponed"]

    assert PlanDocument.model_validate(fields) == document(plan())


@pytest.mark.parametrize(
    "more",
    [
        {"release": "other"},
        {"image": "demo@sha256:1"},
        {"prune": True},
        {"with_secrets": True},
        {"postponed": True},
        {"facts": {"account": "1"}},
        {"changes": (CreateRepository("demo", symbol="+", causes=()),)},
        {"blockers": (UnsetSecret("TOKEN", "token"),)},
    ],
    ids=lambda more: next(iter(more)),
)
def test_the_fingerprint_is_another_one_for_what_is_done_otherwise(more: dict[str, object]) -> None:
    assert plan(**more).fingerprint != plan().fingerprint


def test_the_fingerprint_is_the_same_wherever_the_manifest_says_it() -> None:
    here, there = (plan(blockers=(UnsetSecret("TOKEN", "token", line=f"staging.yaml:{n}"),)) for n in (7, 9))

    assert here.fingerprint == there.fingerprint


def test_a_plan_is_empty_without_changes_and_without_blockers() -> None:
    assert plan().empty
    assert not plan(changes=(CreateRepository("demo", symbol="+", causes=()),)).empty
    assert not plan(blockers=(UnsetSecret("TOKEN", "token"),)).empty
