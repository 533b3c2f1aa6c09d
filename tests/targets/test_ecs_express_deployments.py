"""What the deployments of a service on ECS Express Mode show about it."""

from __future__ import annotations

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deployer.core.target import ServiceStatus
from deployer.errors import StateUnknown
from deployer.targets.base import Progress
from deployer.targets.ecs_express.deployments import UNLISTED, find, newest_first, serving, status_of, unlisted
from deployer.targets.ecs_express.settings import Tasks
from deployer.targets.ecs_express.spec import tasks_of
from deployer.targets.ecs_express.words import PROGRESS, STATUSES, progress, status
from tests.targets.ecs_express_samples import NOW, SETTINGS, SPEC, configuration, deployment, revision, service

MODEL = botocore.session.get_session().get_service_model("ecs")
STOPPED = replace(SPEC, settings=replace(SETTINGS, tasks=Tasks(0, 0)))


def test_every_word_of_the_api_has_a_meaning_and_every_meaning_a_word() -> None:
    assert STATUSES.keys() == set(MODEL.shape_for("ExpressGatewayServiceStatusCode").enum)  # type: ignore[attr-defined]
    assert PROGRESS.keys() == set(MODEL.shape_for("ServiceDeploymentStatus").enum)  # type: ignore[attr-defined]
    assert set(PROGRESS.values()) == set(Progress)


def test_an_unknown_word_ends_the_run() -> None:
    for meaning in (status, progress):
        with pytest.raises(StateUnknown, match="a status this version does not know: RESTING"):
            meaning("RESTING")


def test_during_a_canary_the_release_that_has_succeeded_serves() -> None:
    both = service(configuration(2, minutes=-1), configuration(1))
    running = deployment(2, "IN_PROGRESS", minutes=-1)
    assert serving(both, [running, deployment(1)])["serviceRevisionArn"] == revision(1)
    assert serving(both, [deployment(2, minutes=-1), deployment(1)])["serviceRevisionArn"] == revision(2)


def test_before_any_has_succeeded_the_newest_counts() -> None:
    assert serving(service(configuration(2, minutes=-1), configuration(1)), [])["serviceRevisionArn"] == revision(2)
    assert serving(service(), [deployment(1, "ROLLBACK_FAILED")]) == {}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([deployment(1)], ServiceStatus.RUNNING),
        ([deployment(2, "IN_PROGRESS"), deployment(1)], ServiceStatus.BUSY),
        ([deployment(2, "ROLLBACK_IN_PROGRESS"), deployment(1)], ServiceStatus.BUSY),
        ([deployment(2, "STOP_REQUESTED"), deployment(1)], ServiceStatus.BUSY),
        ([deployment(2, "ROLLBACK_SUCCESSFUL"), deployment(1)], ServiceStatus.RUNNING),
        ([deployment(2, "ROLLBACK_SUCCESSFUL")], ServiceStatus.RUNNING),
        ([deployment(2, "ROLLBACK_FAILED"), deployment(1)], ServiceStatus.RUNNING),
        ([deployment(1, "ROLLBACK_FAILED")], ServiceStatus.CREATE_FAILED),
        ([deployment(1, "STOPPED")], ServiceStatus.CREATE_FAILED),
        ([], ServiceStatus.RUNNING),  # only 90 days are listed
    ],
)
def test_the_state_of_an_active_service_is_that_of_its_deployments(found: list[object], expected: object) -> None:
    assert status_of(service(configuration(1)), found, NOW) is expected  # type: ignore[arg-type]


def test_a_service_that_is_deleted_says_so_itself() -> None:
    assert status_of(service(status="DRAINING"), [deployment(1)], NOW) is ServiceStatus.BUSY
    assert status_of(service(status="INACTIVE"), [deployment(1)], NOW) is ServiceStatus.GONE


def test_a_service_without_tasks_is_paused() -> None:
    assert status_of(service(configuration(1, STOPPED)), [deployment(1)], NOW) is ServiceStatus.PAUSED


@given(st.integers(0, int(UNLISTED) * 2))
def test_a_new_revision_is_busy_until_its_deployment_is_listed(age: int) -> None:
    """currentDeployment is null right after Create (terraform-provider-aws#47377), and the list lags behind."""
    both = service(configuration(1), configuration(2, minutes=-age / 60))
    assert bool(unlisted(both, [deployment(1)], NOW)) == (age < UNLISTED)
    expected = ServiceStatus.BUSY if age < UNLISTED else ServiceStatus.RUNNING
    assert status_of(both, [deployment(1)], NOW) is expected
    assert unlisted(both, [deployment(1), deployment(2)], NOW) is None


def test_a_deployment_is_found_by_its_revision_whatever_the_order_of_the_list() -> None:
    again = deployment(1, "IN_PROGRESS", minutes=-2)
    listed = [deployment(1), deployment(2, minutes=-30), again]
    for order in (listed, listed[::-1]):
        assert find(order, revision(1)) == again
        assert find(order, revision(3)) is None
        assert [one.revision for one in newest_first(order)] == [revision(1), revision(2), revision(1)]


def test_an_operation_is_named_by_its_revision() -> None:
    operation = deployment(7, "ROLLBACK_SUCCESSFUL").operation
    assert (operation.id, operation.progress, operation.deploys) == (revision(7), Progress.ROLLED_BACK, True)


def test_the_defaults_of_the_scaling_are_those_of_the_guide() -> None:
    assert tasks_of({}) == Tasks(1, 20, "AVERAGE_CPU", 60)
