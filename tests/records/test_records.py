"""Records of every released format are read: a folder for each format, which is never changed, only added to.

Saved plans have a format of their own: from its second one on, they are in `plan-format-N`.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deployer import VERSION
from deployer.aws import ledger, lock_record
from deployer.aws.lock_record import Record
from deployer.core.hold import Hold
from deployer.core.record_format import FORMAT, NewerFormat, unknown_fields, with_unknown
from deployer.core.release import PACKED, content_id, release_id
from deployer.core.service import Scaling, ServiceSpec
from deployer.environment.saved_plan import read_saved
from deployer.errors import StateUnknown, UsageError
from deployer.targets.apprunner.settings import HealthCheck, Network, Observability, ServiceSettings
from deployer.targets.registry import RECORDED
from deployer.view.plan_json import PlanDocument, document
from tests.core.test_release import SETTINGS, SPEC, VERSIONS, release
from tests.golden.case import HERE as GOLDEN
from tests.golden.case import Case
from tests.samples import read_release

HERE = Path(__file__).parent


def samples(kind: str) -> list[Path]:
    return sorted(HERE.glob(f"*format-*/{kind}-*"))


def fields(text: str) -> dict[str, Any]:
    text = text.strip()
    if text.startswith(PACKED):
        text = zlib.decompress(base64.b85decode(text.removeprefix(PACKED))).decode()
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize("sample", samples("release"), ids=lambda path: path.name)
def test_a_release_is_read_and_written_again_with_nothing_lost(sample: Path) -> None:
    read = read_release(sample.read_text().strip())
    assert read.unknown == {}
    assert fields(read.to_text()) == {"target": "apprunner", **fields(sample.read_text())}
    assert ledger.intended(sample.read_text().strip(), RECORDED) == read


@pytest.mark.parametrize("sample", samples("hold"), ids=lambda path: path.name)
def test_a_hold_is_read_and_written_again_with_nothing_lost(sample: Path) -> None:
    read = Hold.from_text(sample.read_text())
    assert read.readable
    assert fields(read.to_text()) == fields(sample.read_text())


@pytest.mark.parametrize("sample", samples("lock"), ids=lambda path: path.name)
def test_a_lock_is_read_with_nothing_lost(sample: Path) -> None:
    assert fields(lock_record.parsed(sample.read_text()).text()) == fields(sample.read_text())


@pytest.mark.parametrize("sample", samples("plan"), ids=lambda path: path.name)
def test_a_plan_is_read_or_refused_in_words(sample: Path) -> None:
    saved = fields(sample.read_text())
    if saved["format"] == PlanDocument.model_fields["format"].default:
        assert read_saved(sample, saved["environment"]).fingerprint == saved["fingerprint"]
    else:
        with pytest.raises(UsageError, match="was saved in format"):
            read_saved(sample, saved["environment"])


def test_each_kind_has_a_sample_in_the_present_format() -> None:
    """A field that a record gains needs another sample in this folder; a new format needs a new folder."""
    newest = {kind: fields(samples(kind)[-1].read_text()) for kind in ("release", "hold", "lock", "plan")}
    lock = lock_record.mine("arn:aws:iam::123456789012:user/amir", "reconcile")
    written = {
        "release": fields(release().to_text()),
        "hold": fields(Hold("a", "manual", "b", "c", "d").to_text()),
        "lock": fields(lock.text()),
        "plan": document(Case(GOLDEN / "cases" / "literal-edited").plan()).model_dump(mode="json"),
    }
    assert {kind: sorted(found) for kind, found in written.items()} == {
        kind: sorted(found) for kind, found in newest.items()
    }
    assert (HERE / f"format-{FORMAT}").is_dir()


def test_a_record_without_a_format_is_of_the_first() -> None:
    for sample in samples("release"):
        found = fields(sample.read_text())
        del found["format"], found["deployer"]
        assert read_release(json.dumps(found)) == read_release(sample.read_text().strip())


NEWER = {"format": FORMAT + 1, "deployer": "9.8.7"}
SAYS = "was written by deployer 9.8.7 in format 2; nothing was changed"


@pytest.mark.parametrize("name", ["release 62", "the release that was deployed last"])
def test_a_release_in_a_newer_format_names_the_version_that_is_needed(name: str) -> None:
    text = json.dumps({"everything": "is different", **NEWER})
    with pytest.raises(NewerFormat) as raised:
        read_release(text, name)
    assert raised.value.what == f"{name} {SAYS}"
    assert f"this is deployer {VERSION}" in raised.value.why
    assert raised.value.fix.startswith("use deployer 9.8.7 or newer")
    with pytest.raises(NewerFormat):
        ledger.intended(text, RECORDED)


def test_a_release_of_an_unknown_target_names_the_version_that_is_needed() -> None:
    text = json.dumps({**fields(release().to_text()), "target": "moon", "deployer": "9.8.7"})
    with pytest.raises(NewerFormat) as raised:
        read_release(text, "release 62")
    assert (
        raised.value.what == "release 62 is of the target moon, which this deployer does not know; nothing was changed"
    )
    assert raised.value.fix.startswith("use deployer 9.8.7 or newer")


def test_a_lock_in_a_newer_format_is_held() -> None:
    text = json.dumps(NEWER)
    with pytest.raises(StateUnknown) as raised:
        lock_record.parsed(text)
    assert raised.value.what == f"the lock of this environment {SAYS}"
    assert not lock_record.observed_lock(text).over


def test_a_hold_in_a_newer_format_is_lifted_by_nobody_but_a_person() -> None:
    found = Hold("a", "rollback", "b", "c", "d", format=FORMAT + 1)
    assert not replace(found, format=FORMAT).strict
    assert Hold.from_text(found.to_text()).strict


NAMES = st.text("abc", min_size=1, max_size=3)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = LEAVES | st.dictionaries(NAMES, LEAVES | st.dictionaries(NAMES, LEAVES, max_size=2), max_size=2)


@given(st.dictionaries(NAMES.map("later_{}".format), VALUES, max_size=3), st.dictionaries(NAMES, VALUES, max_size=2))
def test_fields_that_are_not_known_survive(later: dict[str, Any], setting: dict[str, Any]) -> None:
    """A run that another version of the deployer left behind is recorded by this one."""
    written = fields(release(outcome="failed").to_text()) | later
    written["settings"] |= {f"later_{name}": value for name, value in setting.items()}
    read = read_release(json.dumps(written))
    assert fields(replace(read, outcome="healthy").to_text()) == {**written, "outcome": "healthy"}
    hold = fields(Hold("a", "manual", "b", "c", "d").to_text()) | later
    assert fields(Hold.from_text(json.dumps(hold)).to_text()) == hold
    lock = fields(lock_record.mine("b", "plan").text()) | later
    assert lock_record.parsed(json.dumps(lock)) == Record(**{name: lock[name] for name in Record.__struct_fields__})


@given(st.dictionaries(NAMES, VALUES, max_size=3), st.dictionaries(NAMES, VALUES, max_size=3))
def test_known_and_unknown_fields_together_are_the_whole(given_fields: dict[str, Any], read: dict[str, Any]) -> None:
    whole = with_unknown(read, unknown_fields(given_fields, read))
    assert given_fields.keys() <= whole.keys()
    assert all(whole[name] == read[name] for name in read if not isinstance(read[name], dict))


class NewerHealthCheck(HealthCheck, frozen=True, omit_defaults=True):
    grace: int = 30


class NewerScaling(Scaling, frozen=True, omit_defaults=True):
    target: str = "concurrency"


class NewerNetwork(Network, frozen=True, omit_defaults=True):
    proxy: str = ""


class NewerObservability(Observability, frozen=True, omit_defaults=True):
    vendor: str = "xray"


class NewerSettings(ServiceSettings, frozen=True, omit_defaults=True):
    gpu: int = 0


def test_a_setting_that_a_newer_version_adds_with_a_default_redeploys_nothing() -> None:
    network, observability = Network("arn:c"), Observability(enabled=True)
    check, scaling = SETTINGS.health_check, SETTINGS.scaling
    now = replace(SETTINGS, network=network, observability=observability)
    newer = NewerSettings(
        port=now.port,
        cpu=now.cpu,
        memory=now.memory,
        access_role=now.access_role,
        instance_role=now.instance_role,
        health_check=NewerHealthCheck(**{name: getattr(check, name) for name in HealthCheck.__struct_fields__}),
        scaling=NewerScaling(scaling.min, scaling.max, scaling.concurrency),
        auto_deployments=now.auto_deployments,
        network=NewerNetwork("arn:c"),
        observability=NewerObservability(enabled=True),
    )
    assert ids(newer) == ids(now)
    assert ids(replace(newer, gpu=1)) != ids(now)
    assert ids(replace(newer, network=NewerNetwork("arn:c", proxy="p"))) != ids(now)


def ids(settings: ServiceSettings) -> tuple[str, str]:
    spec: ServiceSpec = replace(SPEC, settings=settings)
    return release_id(spec, VERSIONS, {}), content_id("repo@sha256:1", {}, {}, {}, settings)
