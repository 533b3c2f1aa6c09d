"""What refusals of ECS mean."""

from __future__ import annotations

import pytest

from deployer.aws.errors import is_refusal
from deployer.targets.ecs_express.client import under_way
from deployer.targets.ecs_express.refusals import is_gone, is_inactive, is_too_new, is_under_way

INACTIVE = "Cannot call DescribeServiceRevisions for a service that is INACTIVE"


@pytest.mark.parametrize(
    ("code", "message", "meaning"),
    [
        ("InvalidParameterException", "Cannot assume role arn:aws:iam::0:role/x", is_too_new),
        ("ClientException", "User x is not authorized to perform: sts:AssumeRole on resource y", is_too_new),
        ("InvalidParameterException", "Unable to assume the service linked role. Please verify.", is_too_new),
        ("ClientException", "AWS was not able to validate the provided access credentials", is_too_new),
        ("ResourceNotFoundException", "no", is_gone),
        ("ServiceNotFoundException", "Service not found.", is_gone),
        ("ClusterNotFoundException", "Cluster not found.", is_gone),
        ("InvalidParameterException", "Resource not found", is_gone),
        ("ServiceNotActiveException", "Service was not ACTIVE.", is_inactive),
        ("InvalidParameterException", INACTIVE, is_inactive),
        ("InvalidParameterException", "Unable to Start a service that is still Draining.", None),
        ("AccessDeniedException", "User x is not authorized to perform: ecs:UpdateService", None),
    ],
)
def test_each_refusal_has_one_meaning(code: str, message: str, meaning: object) -> None:
    answer = {"Error": {"Code": code, "Message": message}}
    meanings = [one for one in (is_too_new, is_gone, is_inactive, is_under_way) if one(answer)]
    assert meanings == ([meaning] if meaning else [])


def test_a_second_deployment_is_refused_as_aws_would() -> None:
    """So that a run waits for the first one, as where a platform refuses it itself."""
    error = under_way("UpdateExpressGatewayService", "7")
    assert is_under_way(error.response)
    assert is_refusal(error)
    assert "of revision 7" in str(error)
