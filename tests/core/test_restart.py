"""What a restart would bring besides the recorded release."""

from __future__ import annotations

import pytest

from deployer.core.observed import ObservedParameter, ObservedService
from deployer.core.release import RecordedRelease, Release
from deployer.core.restart import OtherVersion, consent_id, staged
from deployer.core.service import Scaling, ServiceSpec
from deployer.core.target import ServiceStatus
from deployer.targets.apprunner.settings import HealthCheck, ServiceSettings

ROOT = "/app-runtime/demo/staging"
SETTINGS = ServiceSettings(8001, 1024, 2048, "a", "i", HealthCheck("HTTP", "/", 5, 2, 1, 5), Scaling(1, 2, 3), False)


def entry(path: str = ROOT) -> RecordedRelease:
    release = Release(
        id="r1",
        outcome="healthy",
        image="i@sha256:aa",
        tag="t",
        literals={},
        versions={"APP_SECRET": 3},
        settings=SETTINGS,
        manifest="m",
        operation="o",
        who="w",
        when="2026-11-01T09:00:00+00:00",
        seconds=1,
        content="c",
        path=path,
        target="apprunner",
    )
    return RecordedRelease(1, release, at=100.0)


@pytest.mark.parametrize(
    ("version", "changed", "said"),
    [
        (3, 50.0, []),
        (4, 150.0, [OtherVersion("APP_SECRET", 3, 4)]),
        (3, 150.0, [OtherVersion("APP_SECRET", 3, 3)]),
        (None, 0.0, [OtherVersion("APP_SECRET", 3, None)]),
    ],
)
@pytest.mark.parametrize("path", ["", ROOT])
def test_a_parameter_that_is_not_the_recorded_one_is_named(
    path: str, version: int | None, changed: float, said: list[OtherVersion]
) -> None:
    found = {} if version is None else {f"{ROOT}/app-secret": ObservedParameter(True, version, None, changed=changed)}
    assert list(staged(entry(path), found, ROOT)) == said


def test_a_parameter_that_the_release_does_not_hold_is_none_of_its_business() -> None:
    found = {
        f"{ROOT}/app-secret": ObservedParameter(True, 3, None),
        f"{ROOT}/another": ObservedParameter(True, 9, None, changed=999.0),
        "/elsewhere/app-secret": ObservedParameter(True, 9, None, changed=999.0),
    }
    assert list(staged(entry(), found, ROOT)) == []


def test_the_consent_is_to_one_verb_one_state_and_one_release() -> None:
    def service(status: ServiceStatus, release: str) -> ObservedService:
        return ObservedService("arn", "url", status, ServiceSpec("i", SETTINGS, {"APP_RELEASE": release}, {}), {})

    running = ServiceStatus.RUNNING
    first = consent_id("pause", service(running, "r1"))
    assert first == consent_id("pause", service(running, "r1"))
    others = [("restart", running, "r1"), ("pause", ServiceStatus.PAUSED, "r1"), ("pause", running, "r2")]
    assert first not in {consent_id(verb, service(status, release)) for verb, status, release in others}
