from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deployer.core.release import (
    LEDGER_BYTES,
    RELEASE_VARIABLE,
    RecordedRelease,
    Release,
    before,
    content_id,
    known_bad,
    last_healthy,
    release_id,
    typical_seconds,
)
from deployer.core.service import Scaling, ServiceSpec
from deployer.targets.apprunner.settings import HealthCheck, Network, Observability, ServiceSettings
from tests.samples import read_release

SETTINGS = ServiceSettings(
    port=8001,
    cpu=1024,
    memory=2048,
    access_role="arn:a",
    instance_role="arn:i",
    health_check=HealthCheck("HTTP", "/", 5, 2, 1, 5),
    scaling=Scaling(1, 25, 100),
    auto_deployments=False,
)
SPEC = ServiceSpec(
    image="repo@sha256:1",
    settings=SETTINGS,
    environment={"LOGGING_LEVEL": "DEBUG"},
    secrets={"META_APP_SECRET": "arn:p"},
)
VERSIONS = {"META_APP_SECRET": 3}


def test_the_id_is_short_and_stable() -> None:
    assert release_id(SPEC, VERSIONS, {}) == release_id(replace(SPEC), dict(VERSIONS), {})
    assert len(release_id(SPEC, VERSIONS, {})) == 12


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, image="repo@sha256:2"),
        replace(SPEC, settings=replace(SETTINGS, port=8002)),
        replace(SPEC, settings=replace(SETTINGS, cpu=2048)),
        replace(SPEC, settings=replace(SETTINGS, memory=4096)),
        replace(SPEC, settings=replace(SETTINGS, access_role="arn:b")),
        replace(SPEC, settings=replace(SETTINGS, instance_role="arn:b")),
        replace(SPEC, settings=replace(SETTINGS, health_check=replace(SETTINGS.health_check, interval=6))),
        replace(SPEC, settings=replace(SETTINGS, scaling=replace(SETTINGS.scaling, max=24))),
        replace(SPEC, settings=replace(SETTINGS, auto_deployments=True)),
        replace(SPEC, environment={"LOGGING_LEVEL": "INFO"}),
        replace(SPEC, secrets={"META_APP_SECRET": "arn:q"}),
    ],
)
def test_it_moves_with_everything_a_deployment_changes(other: ServiceSpec) -> None:
    assert release_id(other, VERSIONS, {}) != release_id(SPEC, VERSIONS, {})


def test_it_moves_with_a_parameter_version() -> None:
    assert release_id(SPEC, {"META_APP_SECRET": 4}, {}) != release_id(SPEC, VERSIONS, {})


def test_it_moves_with_a_parameter_that_was_made_again() -> None:
    assert release_id(SPEC, VERSIONS, {"META_APP_SECRET": "after release 1"}) != release_id(SPEC, VERSIONS, {})


def test_it_does_not_depend_on_itself() -> None:
    with_id = replace(SPEC, environment={**SPEC.environment, RELEASE_VARIABLE: "abc"})
    assert release_id(with_id, VERSIONS, {}) == release_id(SPEC, VERSIONS, {})


def release(**more: Any) -> Release:
    fields = {
        "id": "abc",
        "outcome": "healthy",
        "image": "repo@sha256:1",
        "tag": "t",
        "literals": {},
        "versions": {},
        "settings": SETTINGS,
        "manifest": "m",
        "operation": "o",
        "who": "w",
        "when": "2026-01-01T00:00:00+00:00",
        "seconds": 1,
        "content": "c",
        "target": "apprunner",
    }
    return Release(**{**fields, **more})


texts = st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4)


@given(texts, st.dictionaries(st.text(max_size=8), st.integers(1, 100), max_size=4), st.integers(0, 9999))
def test_a_record_reads_back_as_it_was_written(
    literals: dict[str, str], versions: dict[str, int], seconds: int
) -> None:
    written = release(literals=literals, versions=versions, seconds=seconds)
    assert read_release(written.to_text()) == written


def test_a_long_record_is_packed_so_that_it_fits_into_a_parameter() -> None:
    long = release(
        literals={f"VARIABLE_NUMBER_{n}": f"https://host-{n}.example.org" for n in range(100)},
        versions={f"VARIABLE_NUMBER_{n}": n for n in range(100)},
    )
    assert len(long.to_text().encode()) <= LEDGER_BYTES
    assert read_release(long.to_text()) == long


def test_a_failed_release_that_nobody_lived_to_record_has_no_settings() -> None:
    assert read_release(release(settings=None).to_text()).settings is None


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"id": "x"}', "zlib:", "zlib:nonsense", "zlib: !"])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- json's own error is one too
        read_release(text)


def history(*outcomes: str) -> list[RecordedRelease]:
    """`h` is healthy, `f` failed; then the image, `'` for another secret, and `<N` for the release it brought back."""
    found = []
    for number, text in enumerate(outcomes, 1):
        state, _, back = text.partition("<")
        outcome = {"h": "healthy", "f": "failed"}[state[0]]
        kept = release(outcome=outcome, image=state[1], content=state[1:], rollback_to=int(back) if back else None)
        found.append(RecordedRelease(number, kept))
    return found


@pytest.mark.parametrize(
    ("outcomes", "number"),
    [
        (["ha", "hb"], 1),
        (["ha", "hb", "fc"], 1),
        (["ha", "hb", "hb"], 1),
        (["ha", "hb", "hc", "hb<2"], 1),
        (["ha", "fb", "hc"], 1),
        (["ha"], None),
        ([], None),
    ],
)
def test_the_one_before_is_healthy_older_and_another(outcomes: list[str], number: int | None) -> None:
    entries = history(*outcomes)
    found = before(entries, last_healthy(entries), with_secrets=True)
    assert (found.number if found else None) == number


@pytest.mark.parametrize(
    ("outcomes", "with_secrets", "number"),
    [
        (["hb", "ha", "ha'"], False, 1),
        (["hb", "ha", "ha'"], True, 2),
        (["ha", "ha'"], False, None),
        (["ha", "ha'"], True, 1),
    ],
)
def test_without_its_secrets_one_may_be_the_same(outcomes: list[str], with_secrets: bool, number: int | None) -> None:
    entries = history(*outcomes)
    found = before(entries, last_healthy(entries), with_secrets=with_secrets)
    assert (found.number if found else None) == number


@pytest.mark.parametrize(
    ("outcomes", "number"),
    [(["ha", "fb"], 2), (["fb", "ha", "fb"], 3), (["fb", "hb"], None), (["hb"], None), ([], None)],
)
def test_a_release_that_failed_is_known_until_it_was_healthy(outcomes: list[str], number: int | None) -> None:
    found = known_bad(history(*outcomes), "b")
    assert (found.number if found else None) == number


def test_what_is_written_twice_is_the_same_content() -> None:
    once = content_id("i", {"LEVEL": "DEBUG"}, {"LEVEL": 1, "KEY": 4}, {}, SETTINGS)
    assert once == content_id("i", {"LEVEL": "DEBUG"}, {"LEVEL": 2, "KEY": 4}, {}, SETTINGS)
    assert once != content_id("i", {"LEVEL": "DEBUG"}, {"LEVEL": 1, "KEY": 5}, {}, SETTINGS)


def test_how_long_deployments_take_is_told_by_those_that_were_waited_for() -> None:
    took = [120, 0, 180, 90]  # the second was recorded by a later run
    entries = [RecordedRelease(n, release(outcome="healthy", seconds=seconds)) for n, seconds in enumerate(took, 1)]
    entries.append(RecordedRelease(5, release(outcome="failed", seconds=600)))
    assert typical_seconds(entries) == (120, 180, 90)
    assert typical_seconds(entries, count=2) == (180, 90)


def test_a_record_of_before_the_newer_settings_loads_and_keeps_its_ids() -> None:
    old = json.loads(release().to_text())
    assert not {"command", "network", "observability"} & old["settings"].keys()
    del old["unmanaged"]

    assert read_release(json.dumps(old)) == release()
    assert release_id(SPEC, VERSIONS, {}) == "2f3c9bde6547"  # both as the version before wrote them down
    assert content_id("repo@sha256:1", {}, {}, {}, SETTINGS) == "1bd71b612839"


def test_a_record_of_a_newer_version_loads_and_keeps_what_is_not_known_here() -> None:
    newer = json.loads(release().to_text())
    newer["settings"]["gpu"] = 1
    newer["colour"] = "blue"

    kept = {"settings": {"gpu": 1}, "colour": "blue"}
    assert read_release(json.dumps(newer)) == replace(release(), unknown=kept)


def test_the_newer_settings_are_recorded_and_move_the_id() -> None:
    settings = replace(SETTINGS, command="run", network=Network("arn:c"), observability=Observability(True, "arn:o"))

    assert read_release(release(settings=settings).to_text()).settings == settings
    assert release_id(replace(SPEC, settings=settings), VERSIONS, {}) != release_id(SPEC, VERSIONS, {})


def test_a_cause_is_cut_where_the_record_would_not_fit() -> None:
    """The plan made sure that the record fits without a cause; nothing else is dropped for one."""
    noise = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(200))
    sizes = (n for n in range(len(noise), 0, -8) if _bytes(literals={"NOISE": noise[:n]}) <= LEDGER_BYTES - 70)
    literals = {"NOISE": noise[: next(sizes)]}
    why = "the deployment failed: " + hashlib.sha512(b"why").hexdigest()
    assert _bytes(literals=literals, why=why) > LEDGER_BYTES
    fitted = release(literals=literals, why=why).fitted()
    assert len(fitted.to_text().encode()) <= LEDGER_BYTES
    assert fitted.why.startswith("the deployment failed: ")
    assert fitted.why.endswith("…")
    assert replace(fitted, why=why) == release(literals=literals, why=why)


def test_a_record_that_fits_keeps_its_whole_cause() -> None:
    kept = release(why="the deployment failed: Health check failed.")
    assert kept.fitted() is kept


def _bytes(**fields: Any) -> int:
    return len(release(**fields).to_text().encode())
