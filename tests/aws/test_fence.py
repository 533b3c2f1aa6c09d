"""Every operation of every client the deployer uses is known to be a read or a write."""

from __future__ import annotations

import botocore.session
import pytest

from deployer.aws.fence import writes


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("GetParameter", False),
        ("GetParameters", False),
        ("DescribeService", False),
        ("ListOperations", False),
        ("BatchGetImage", False),
        ("BatchCheckLayerAvailability", False),
        ("SimulatePrincipalPolicy", False),
        ("FilterLogEvents", False),
        ("PutParameter", True),
        ("DeleteParameter", True),
        ("AddTagsToResource", True),
        ("UpdateService", True),
        ("StartDeployment", True),
        ("PauseService", True),
        ("ResumeService", True),
        ("CompleteLayerUpload", True),
        ("BatchDeleteImage", True),
        ("Getaway", True),  # not a read only because of its first letters
    ],
)
def test_reads_and_writes(operation: str, expected: bool) -> None:
    assert writes(operation) is expected


@pytest.mark.parametrize("service", ["ssm", "ecr", "iam", "apprunner", "logs", "sts"])
def test_no_operation_that_sounds_like_a_change_is_taken_for_a_read(service: str) -> None:
    changing = (
        *("Add", "Associate", "Attach", "Batch", "Cancel", "Complete", "Copy", "Create", "Delete", "Deregister"),
        *("Disable", "Disassociate", "Enable", "Initiate", "Modify", "Pause", "Put", "Register", "Remove", "Reset"),
        *("Restore", "Resume", "Set", "Start", "Stop", "Tag", "Unlabel", "Untag", "Update", "Upload"),
    )
    model = botocore.session.get_session().get_service_model(service)
    for name in model.operation_names:
        if name.startswith(tuple(changing)) and not name.startswith(("BatchGet", "BatchCheck")):
            assert writes(name), name
