"""What a hold refuses, what a rollback leaves behind, and how a hold is read."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deployer.core import rollback
from deployer.core.desired import Desired, DesiredParameter
from deployer.core.hold import Hold, after_rollback, by_hand, refuses, rolled_back, source_of
from deployer.core.observed import Observed
from deployer.resources.hold.change import LiftHold, PlaceHold
from deployer.resources.planner import plan
from tests.core.test_release import history

MakeDesired = Callable[..., Desired]
Make = Callable[..., DesiredParameter]
CarryOut = Callable[..., Observed]
WHO, WHEN = "arn:aws:iam::123456789012:user/amir", "2026-11-02T10:00:00+00:00"
MANUAL = Hold("0f", "manual", WHO, WHEN, "Meta delivers nothing")
ROLLBACK = Hold("1e", "rollback", WHO, WHEN, "rolled back", 3, 2, ("bad",))


@pytest.mark.parametrize(
    ("hold", "source", "setting", "refused"),
    [
        (None, "bad", "hold", False),
        (ROLLBACK, "bad", "hold", True),
        (ROLLBACK, "new", "hold", True),
        (ROLLBACK, "bad", "deploy", True),
        (ROLLBACK, "new", "deploy", False),
        (MANUAL, "new", "deploy", True),
        (replace(MANUAL, refused=("bad",)), "new", "deploy", True),
        (Hold.from_text("?"), "new", "deploy", True),
        (replace(ROLLBACK, kind="of-a-later-version"), "new", "deploy", True),
    ],
)
def test_what_is_refused(hold: Hold | None, source: str, setting: str, refused: bool) -> None:
    assert refuses(hold, source, setting, rollback=False) is refused
    assert refuses(hold, source, setting, rollback=True) is False


@given(
    st.builds(
        Hold,
        id=st.text(),
        kind=st.sampled_from(["rollback", "manual"]),
        who=st.just(WHO),
        when=st.just(WHEN),
        reason=st.text("ab{}<>&\"'\\é ", max_size=40).map(lambda text: " ".join(text.split())),
        release=st.none() | st.integers(1, 99),
        to=st.none() | st.integers(1, 99),
        refused=st.lists(st.text("0123456789abcdef", min_size=12, max_size=12), max_size=3).map(tuple),
    )
)
def test_a_hold_is_read_as_it_was_written_in_a_text_that_ssm_takes(hold: Hold) -> None:
    text = hold.to_text()
    assert Hold.from_text(text) == hold
    assert "{{" not in text


def test_a_field_of_a_later_version_is_ignored_and_a_reason_stays_on_its_line() -> None:
    fields = {**json.loads(MANUAL.to_text()), "later": 1, "format": 2, "reason": "one\n::error::two\x1b[31m"}
    found = Hold.from_text(json.dumps(fields))
    assert (found.id, found.format, found.reason) == (MANUAL.id, 2, "one ::error::two [31m")


@given(st.text() | st.from_regex(r"\{.*\}|\[.*\]|null|[0-9]+", fullmatch=True))
def test_text_that_is_no_hold_holds_and_can_be_lifted_by_its_id(text: str) -> None:
    found = Hold.from_text(text)
    assert found.kind == "unreadable"
    assert found.id == Hold.from_text(text).id != ""


def test_a_rollback_leaves_what_ran_and_a_newer_failure() -> None:
    releases = history("ha", "hb", "fc")
    source = source_of(releases[0].release)
    assert source is not None
    left = rolled_back(releases, releases[1], 1, source)
    assert (left.release, left.to) == (3, 1)
    assert left.refused == (source_of(releases[1].release), source_of(releases[2].release))


def test_a_rollback_to_what_runs_leaves_nothing() -> None:
    releases = history("ha", "hb")
    source = source_of(releases[1].release)
    assert source is not None
    assert rolled_back(releases, releases[1], 2, source).refused == ()


def test_a_manual_hold_stays_manual_over_a_rollback_and_keeps_what_one_left() -> None:
    releases = history("ha", "hb")
    source = source_of(releases[0].release)
    assert source is not None
    sources = rolled_back(releases, releases[1], 1, source)
    kept = after_rollback(MANUAL, sources, sources.refused, replace(ROLLBACK, reason="newer"))
    assert (kept.kind, kept.reason, kept.release, kept.refused) == ("manual", MANUAL.reason, 2, sources.refused)
    assert by_hand(ROLLBACK, MANUAL) == replace(MANUAL, release=3, to=2, refused=("bad",))


def test_after_a_rollback_only_other_content_is_deployed_and_only_where_the_manifest_says_so(
    make_desired: MakeDesired, parameter: Make, empty: Observed, carry_out: CarryOut
) -> None:
    """Two rollbacks, one after the other: the content of both releases stays refused, that of the target is not."""
    observed, releases = empty, {}
    for level in ("ONE", "TWO", "THREE"):
        releases[level] = make_desired(parameter("level", level), parameter("key", None, "generate:32"))
        observed = carry_out(plan(releases[level], observed), observed, releases[level])
    for number in (2, 1):
        back = rollback.desired_release(releases["THREE"], observed.releases[number - 1], with_secrets=False)
        made = plan(back, observed)
        assert isinstance(made.changes[0], PlaceHold), "it comes before all that a crash could leave behind"
        observed = carry_out(made, observed, back)
        assert plan(back, observed).empty
    for level, desired in releases.items():
        assert plan(desired, observed).held
        made = plan(replace(desired, after_rollback="deploy"), observed)
        assert made.held is (level != "ONE")
        assert isinstance((made.changes or [None])[-1], LiftHold) is not made.held
    secret = f"{releases['TWO'].parameter_path}/key"
    staged = replace(observed.parameters[secret], version=observed.parameters[secret].version + 1)
    observed = replace(observed, parameters={**observed.parameters, secret: staged})
    assert plan(replace(releases["TWO"], after_rollback="deploy"), observed).held, "a new secret lifts nothing"


def test_going_back_by_itself_places_no_hold(
    make_desired: MakeDesired, parameter: Make, empty: Observed, carry_out: CarryOut
) -> None:
    observed = empty
    for level in ("ONE", "TWO"):
        desired = make_desired(parameter("level", level))
        observed = carry_out(plan(desired, observed), observed, desired)
    back = rollback.desired_release(desired, observed.releases[0], with_secrets=False, hold=False)
    assert not [change for change in plan(back, observed).changes if isinstance(change, PlaceHold)]
