"""Why tasks stop and deployments end, with the text of ECS. Pure.

Seen in the incident notes of several teams where no guide has them; "not documented" marks what is neither.
"""

from __future__ import annotations

from typing import Final

_PULL: Final = "ResourceInitializationError: unable to pull secrets or registry auth: "
_SECRETS: Final = (
    f"{_PULL}execution resource retrieval failed: unable to retrieve secrets from ssm: "
    "service call has been retried 1 time(s): "
)
_REGISTRY: Final = (
    f"{_PULL}execution resource retrieval failed: unable to retrieve ecr registry auth: "
    "service call has been retried 1 time(s): "
)
EXITED: Final = "Essential container in task exited"
ROLLED_BACK_BY_BREAKER: Final = "Service deployment rolled back because the circuit breaker threshold was exceeded."
SPLIT_RULE: Final = (
    "Service deployment rolled back because of an invalid networking configuration. The productionListenerRule "
    "should have exactly one target group serving traffic but found 2 target groups which are serving traffic."
)
NO_CANDIDATE: Final = "No rollback candidate was found to run the rollback."
STOPPED_BY_USER: Final = "Service deployment rolled back because it was stopped by the user."  # not documented
SUPERSEDED: Final = "Service deployment stopped because a newer service deployment started."  # not documented


def missing_parameters(names: tuple[str, ...]) -> str:
    return f"{_SECRETS}invalid ssm parameters: {', '.join(names)}"


def denied_parameters(caller: str, arn: str) -> str:
    return f"{_SECRETS}{_denied(caller, 'ssm:GetParameters', arn)}"


def denied_registry(caller: str, action: str, resource: str) -> str:
    return f"{_REGISTRY}{_denied(caller, action, resource)}"


def denied_logs(caller: str, action: str, resource: str) -> str:
    """Not documented."""
    head = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
    return f"{head}failed to create Cloudwatch log stream: {_denied(caller, action, resource)}"


def not_assumable(role: str) -> str:
    return (
        f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role "
        "being passed has the proper trust relationship and permissions and that your IAM user has permissions to "
        "pass this role."
    )


def image_not_found(image: str) -> str:
    return (
        f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: "
        f"{image}: not found"
    )


def wrong_platform() -> str:
    return (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain "
        "descriptor matching platform 'linux/amd64'"
    )


def cannot_pull(why: str) -> str:
    return f"CannotPullContainerError: {why}"


def unhealthy(target_group: str) -> str:
    return f"Task failed ELB health checks in (target-group {target_group})"


def scaled_in(deployment: str) -> str:
    return f"Scaling activity initiated by (deployment ecs-svc/{deployment})"


def rolled_back_by_alarm(alarm: str) -> str:
    """Not documented."""
    return f"Service deployment rolled back because the alarm {alarm} was triggered."


def _denied(caller: str, action: str, resource: str) -> str:
    return (
        f"AccessDeniedException: User: {caller} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )
