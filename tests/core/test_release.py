from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.core.release import RELEASE_VARIABLE, Release, release_id
from deployer.core.service import HealthCheck, Scaling, ServiceSpec

SPEC = ServiceSpec(
    image="repo@sha256:1",
    port=8001,
    cpu=1024,
    memory=2048,
    access_role="arn:a",
    instance_role="arn:i",
    health_check=HealthCheck("HTTP", "/", 5, 2, 1, 5),
    scaling=Scaling(1, 25, 100),
    auto_deployments=False,
    environment={"LOGGING_LEVEL": "DEBUG"},
    secrets={"META_APP_SECRET": "arn:p"},
)
VERSIONS = {"META_APP_SECRET": 3}


def test_the_id_is_short_and_stable() -> None:
    assert release_id(SPEC, VERSIONS) == release_id(replace(SPEC), dict(VERSIONS))
    assert len(release_id(SPEC, VERSIONS)) == 12


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, image="repo@sha256:2"),
        replace(SPEC, port=8002),
        replace(SPEC, cpu=2048),
        replace(SPEC, memory=4096),
        replace(SPEC, access_role="arn:b"),
        replace(SPEC, instance_role="arn:b"),
        replace(SPEC, health_check=replace(SPEC.health_check, interval=6)),
        replace(SPEC, scaling=replace(SPEC.scaling, max=24)),
        replace(SPEC, auto_deployments=True),
        replace(SPEC, environment={"LOGGING_LEVEL": "INFO"}),
        replace(SPEC, secrets={"META_APP_SECRET": "arn:q"}),
    ],
)
def test_it_moves_with_everything_a_deployment_changes(other: ServiceSpec) -> None:
    assert release_id(other, VERSIONS) != release_id(SPEC, VERSIONS)


def test_it_moves_with_a_parameter_version() -> None:
    assert release_id(SPEC, {"META_APP_SECRET": 4}) != release_id(SPEC, VERSIONS)


def test_it_does_not_depend_on_itself() -> None:
    with_id = replace(SPEC, environment={**SPEC.environment, RELEASE_VARIABLE: "abc"})
    assert release_id(with_id, VERSIONS) == release_id(SPEC, VERSIONS)


texts = st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4)


@given(texts, st.dictionaries(st.text(max_size=8), st.integers(1, 100), max_size=4), st.integers(0, 9999))
def test_a_record_reads_back_as_it_was_written(
    literals: dict[str, str], versions: dict[str, int], seconds: int
) -> None:
    release = Release(
        id="abc",
        outcome="healthy",
        image="i",
        tag="t",
        literals=literals,
        versions=versions,
        settings={},
        manifest="m",
        operation="o",
        who="w",
        when="2026-01-01T00:00:00+00:00",
        seconds=seconds,
    )
    assert Release.from_json(release.to_json()) == release


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"id": "x"}'])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- json's own error is one too
        Release.from_json(text)
