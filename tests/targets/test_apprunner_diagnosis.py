"""The cause of a failed deployment, as App Runner writes it."""

from __future__ import annotations

from deployer.targets.apprunner.diagnosis import failure_reason


def test_the_cause_of_a_failed_deployment_is_found_among_the_lines() -> None:
    lines = [
        "UPDATE started.",
        "Deployment with ID 1 failed. Failure reason: Health check failed.",
        "The version before.",
    ]
    assert failure_reason(lines) == "Health check failed."
    assert (
        failure_reason(["[AppRunner] Failed to pull your image.", "Rolled back."])
        == "[AppRunner] Failed to pull your image."
    )
    assert failure_reason(["Pulling.", "The container ended.", ""]) == "The container ended."
    assert failure_reason([]) == ""
