"""What the doctor says of App Runner in an account."""

from __future__ import annotations

from deployer.targets.apprunner.examine import examine_services


def test_no_service_is_no_problem_yet() -> None:
    assert [found.state for services in ([], ["one"]) for found in examine_services(services)] == ["note", "ok"]
