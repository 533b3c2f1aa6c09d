"""The switches of ECS Express Mode: slow lists, revisions that are missing, tasks that fail, deployments that hang."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deployer.local.ecs_express import reasons
from deployer.local.faults import Choice, Faults, FreeText, Number, Switch

IMAGE_MISSING, WRONG_PLATFORM, SECRET_MISSING, SECRET_DENIED = (
    "image-missing",
    "wrong-platform",
    "secret-missing",
    "secret-denied",
)
STAGES: Final = ("PENDING", "SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP")
_SERVICE: Final = {"service": FreeText("only the service with this name")}

SWITCHES: Final = {
    "ecs_hold": Switch(
        "a deployment stays where it is for a while; clearing or replacing ends the wait",
        parameters={"seconds": Number("how long", 0, 3600, required=True)},
        selectors={"stage": Choice("only when it enters this stage", STAGES), **_SERVICE},
    ),
    "ecs_task_fails": Switch(
        "a task stops before its container starts",
        parameters={
            "why": Choice("the cause", (IMAGE_MISSING, WRONG_PLATFORM, SECRET_MISSING, SECRET_DENIED), required=True)
        },
        selectors=_SERVICE,
    ),
    "ecs_list_late": Switch(
        "a new deployment is listed only after a while",
        parameters={"seconds": Number("how long", 0, 3600, required=True)},
        selectors=_SERVICE,
    ),
    "ecs_revision_missing": Switch("DescribeServiceRevisions reports a revision as MISSING", selectors=_SERVICE),
    "ecs_fresh_roles": Switch(
        "a role cannot be assumed for some seconds after it was created",
        parameters={"seconds": Number("how long", 0, 3600, required=True)},
    ),
    "ecs_wedge": Switch(
        "a new service's load balancer is refused once and never tried again: the deployment never ends",
        selectors=_SERVICE,
    ),
    "ecs_split_rule": Switch(
        "a deployment leaves 95 percent of the requests to an empty target group; all later deployments roll back",
        selectors=_SERVICE,
    ),
    "ecs_desired_zero": Switch("an update ends with a desired count of 0", selectors=_SERVICE),
}


def failing_start(faults: Faults, container: Mapping[str, Any], service: str) -> str | None:
    """Return why the next task of a service shall not start, or None. Counts the task."""
    rule = faults.take("ecs_task_fails", service=service)
    if rule is None:
        return None
    secrets = container.get("secrets") or [{"valueFrom": "/absent"}]
    caller = "arn:aws:sts::000000000000:assumed-role/ExecutionRole/task"
    match rule["why"]:
        case "image-missing":
            return reasons.image_not_found(container["image"])
        case "wrong-platform":
            return reasons.wrong_platform()
        case "secret-denied":
            return reasons.denied_parameters(caller, secrets[0]["valueFrom"])
        case _:
            return reasons.missing_parameters((secrets[0]["valueFrom"],))
