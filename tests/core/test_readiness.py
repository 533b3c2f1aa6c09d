"""What the service's own report means for an operator."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansari_whatsapp import backend, graph
from ansari_whatsapp import readiness as service
from ansari_whatsapp.cpu import CpuState
from deployer.apps.app import ReadinessPage
from deployer.apps.project_file import read_app
from deployer.core.readiness import Check, Readiness, checks, parse, plain

ROOT = Path(__file__).parents[2]
KNOWN = read_app(ROOT).readiness or ReadinessPage(path="/")
REPORTED = {
    service.INBOX,
    service.INBOX_FULL,
    service.STOPPING,
    service.CPU,
    graph.META_TOKEN,
    graph.META_ACCOUNT,
    graph.META_UNREACHABLE,
    backend.BACKEND_UNREACHABLE,
    backend.BACKEND_KEY,
}


def page(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def test_every_reason_of_the_service_has_words_and_a_fix() -> None:
    assert set(KNOWN.reasons) - {"meta refuses the token or the account"} == REPORTED
    assert {reason.check for reason in KNOWN.reasons.values()} == set(KNOWN.checks)
    assert all(reason.why and reason.fix for reason in KNOWN.reasons.values())


def test_the_page_of_the_service_lists_every_reason() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "explanation" / "service.md").read_text(), re.MULTILINE)
    assert set(listed) == REPORTED


def test_every_state_of_the_processor_has_words() -> None:
    assert set(KNOWN.cpu) == {state.value for state in CpuState}
    assert all(KNOWN.cpu.values())


def test_whether_work_gets_processor_time_is_read() -> None:
    assert parse(page(ready=True, reasons=[], cpu="held")) == Readiness(ready=True, cpu="held")
    assert parse(page(ready=True, reasons=[], cpu={"state": "held"})) == Readiness(ready=True)
    assert parse(page(ready=True, reasons=[], cpu="a\x1b[2Jb")) == Readiness(ready=True, cpu="a?[2Jb")


def test_a_report_is_read_and_unknown_fields_are_ignored() -> None:
    found = parse(page(ready=False, reasons=["inbox"], waiting=3, given_up=1, oldest_seconds=2.5, more={"x": 1}))
    assert found == Readiness(ready=False, reasons=("inbox",), waiting=3, given_up=1, oldest_seconds=2.5)
    assert parse(page(ready=True, reasons=[])) == Readiness(ready=True)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"ok", b'{"ready": 1}', b"\xff", b"[" * 100_000, page(PORT="8001")]
)
def test_what_is_no_report_is_none(body: bytes) -> None:
    assert parse(body) is None


@given(
    st.dictionaries(
        st.sampled_from(["ready", "reasons", "waiting", "given_up", "oldest_seconds"]), st.from_type(object)
    )
)
def test_no_field_of_another_kind_breaks_it(fields: dict[str, Any]) -> None:
    try:
        body = json.dumps({"ready": True, **fields}).encode()
    except (TypeError, ValueError):
        return
    found = parse(body)
    assert found is None or isinstance(found, Readiness)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_a_value_of_any_kind_is_read_or_left_out(value: Any) -> None:
    found = parse(
        json.dumps(
            dict.fromkeys(("reasons", "waiting", "given_up", "oldest_seconds"), value) | {"ready": True}
        ).encode()
    )
    assert found is not None
    assert all(reason.isprintable() for reason in found.reasons)
    assert found.waiting is None or found.waiting >= 0


def test_a_failing_check_has_the_cause_and_the_fix_of_deployer_yaml() -> None:
    found = {check.name: check for check in checks(Readiness(ready=False, reasons=("meta_token",)), KNOWN)}
    assert set(found) == set(KNOWN.checks)
    assert [name for name in KNOWN.checks if not found[name].ok] == ["meta"]
    assert found["meta"].why == "Meta refuses the access token"
    assert found["meta"].fix.startswith("just secret set ENV meta-access-token-from-sys-user")


def test_a_reason_of_a_newer_service_is_kept_as_it_is() -> None:
    [found] = [check for check in checks(Readiness(ready=False, reasons=("disk",)), KNOWN) if not check.ok]
    assert found == Check("instance", ok=False, reason="disk")
    [silent] = [check for check in checks(Readiness(ready=False), KNOWN) if not check.ok]
    assert silent == Check("instance", ok=False)


@given(st.text())
def test_a_text_from_outside_is_one_printable_line(text: str) -> None:
    assert plain(text).isprintable()
    assert len(plain(text)) <= 201
