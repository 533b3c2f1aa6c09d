"""The plan for GitHub's settings: what is written and why, and that a run leaves nothing for the next one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deployer.core.observed import ObservedParameter
from deployer.resources.github_environment.blocker import (
    Archived,
    Blocker,
    NotSecure,
    NotStored,
    OtherRepository,
    TooMany,
)
from deployer.resources.github_environment.desired import RECORD, DesiredGitHub
from deployer.resources.github_environment.notice import OpenSecret, SetByHand, Unreviewed
from deployer.resources.github_environment.plan import Change, SyncPlan, fingerprint, plan_sync
from deployer.resources.github_environment.state import (
    ObservedEnvironment,
    ObservedGitHub,
    ObservedVariable,
    Policy,
    Record,
    write_record,
)
from deployer.view import github_text

PATH = "/app-runtime/app/staging"
WANTED = DesiredGitHub(
    repository="owner/name",
    environment="staging",
    branches=("develop",),
    variables={"LOGGING_LEVEL": "DEBUG", "AWS_REGION": "us-west-2"},
    secrets={"APP_SECRET": f"{PATH}/app-secret"},
)
NOTHING = ObservedGitHub(1, 2, archived=False, environment=None, variables={}, secrets={})


def secret(version: int = 1, changed: float = 100.5) -> ObservedParameter:
    return ObservedParameter(secure=True, version=version, value=None, changed=changed)


REVIEWED = {"reviewers": [{"type": "User", "id": 7}]}


@pytest.mark.parametrize(
    ("reviewed", "environment", "unreviewed"),
    [
        (True, None, True),
        (True, ObservedEnvironment("all"), True),
        (True, ObservedEnvironment("all", protection={"reviewers": []}), True),
        (True, ObservedEnvironment("all", protection={"wait_timer": 30}), True),
        (True, ObservedEnvironment("all", protection=REVIEWED), False),
        (False, ObservedEnvironment("all"), False),
    ],
)
def test_an_environment_that_asks_a_person_needs_required_reviewers(
    reviewed: bool, environment: ObservedEnvironment | None, unreviewed: bool
) -> None:
    made = plan_sync(replace(WANTED, reviewed=reviewed), replace(NOTHING, environment=environment), HELD)
    assert made.unreviewed == unreviewed
    assert [one.symbol for one in made.notices if isinstance(one, Unreviewed)] == (["!"] if unreviewed else [])


HELD = {f"{PATH}/app-secret": secret()}


def applied(made: SyncPlan, observed: ObservedGitHub, now: float) -> ObservedGitHub:
    """What GitHub has after all of it was written, in that order, half a second each; its times are whole seconds."""
    environment, variables, secrets = observed.environment, dict(observed.variables), dict(observed.secrets)
    for at, change in enumerate(made.changes):
        stamp = float(int(now + at / 2))
        if change.kind == "environment":
            environment = replace(
                environment or ObservedEnvironment("all"), policy="custom" if WANTED.branches else "all"
            )
        elif change.kind == "branch":
            assert environment is not None
            branches = {n: i for n, i in environment.branches.items() if n != change.name}
            branches |= {change.name: 99 + at} if change.symbol == "+" else {}
            environment = replace(environment, branches=branches)
        elif change.kind == "secret":
            assert (change.symbol == "+") == (change.name not in secrets)
            secrets.pop(change.name, None)
            if change.symbol != "-":
                secrets[change.name] = stamp
        else:
            assert (change.symbol == "+") == (change.name not in variables)
            variables.pop(change.name, None)
            if change.symbol != "-":
                variables[change.name] = ObservedVariable(change.value, stamp)
    return replace(observed, environment=environment, variables=variables, secrets=secrets)


def first() -> ObservedGitHub:
    return applied(plan_sync(WANTED, NOTHING, HELD), NOTHING, 200)


def words(made: SyncPlan) -> list[str]:
    return [f"{change.symbol} {change.words}" for change in made.changes]


def reason(made: SyncPlan, name: str) -> str:
    [change] = [change for change in made.changes if change.name == name]
    return github_text.reason(change)


def test_all_of_it_is_new_the_first_time() -> None:
    made = plan_sync(WANTED, NOTHING, HELD)
    assert words(made) == [
        "+ environment staging",
        "+ branch develop",
        "+ variable LOGGING_LEVEL",
        "+ variable AWS_REGION",
        "+ secret APP_SECRET",
        f"+ record {RECORD}",
    ]
    assert (made.blockers, made.notices) == ((), ())


def test_a_second_run_has_nothing_to_do() -> None:
    made = plan_sync(WANTED, first(), HELD)
    assert made.empty
    assert made.unchanged == 4


def test_why_a_secret_is_sent_again() -> None:
    observed = first()
    newer = plan_sync(WANTED, observed, {f"{PATH}/app-secret": secret(2, 300.0)})
    assert reason(newer, "APP_SECRET") == "sent again: SSM has version 2, GitHub was sent version 1"
    remade = plan_sync(WANTED, observed, {f"{PATH}/app-secret": secret(1, 300.0)})
    assert reason(remade, "APP_SECRET").startswith("sent again: SSM's is of 1970-01-01 00:05:00, GitHub's of ")
    replaced = plan_sync(WANTED, replace(observed, secrets={"APP_SECRET": 900.0}), HELD)
    assert reason(replaced, "APP_SECRET") == "sent again: it was replaced on GitHub at 1970-01-01 00:15:00"
    strange = plan_sync(WANTED, replace(NOTHING, secrets={"APP_SECRET": 900.0}), HELD)
    assert "did not come from here" in reason(strange, "APP_SECRET")
    for made in (newer, remade, replaced, strange):
        assert made.changes[-1].name == RECORD


def test_the_second_in_which_it_was_set_and_sent_is_no_reason() -> None:
    observed = applied(plan_sync(WANTED, NOTHING, {f"{PATH}/app-secret": secret(1, 202.9)}), NOTHING, 200)
    assert observed.secrets["APP_SECRET"] == 202.0
    assert plan_sync(WANTED, observed, {f"{PATH}/app-secret": secret(1, 202.9)}).empty


def test_only_what_came_from_here_is_removed() -> None:
    observed = first()
    others = {**observed.variables, "THEIRS": ObservedVariable("x", 1.0)}
    environment = replace(observed.environment or ObservedEnvironment("all"), tags=("v*",))
    environment = replace(environment, branches={**environment.branches, "release/*": 7})
    observed = replace(
        observed, variables=others, secrets={**observed.secrets, "THEIR_SECRET": 1.0}, environment=environment
    )
    made = plan_sync(
        replace(WANTED, variables={"AWS_REGION": "us-west-2"}, secrets={}, branches=("main",)), observed, {}
    )
    assert words(made) == [
        "+ branch main",
        "- branch develop",
        "- variable LOGGING_LEVEL",
        "- secret APP_SECRET",
        f"~ record {RECORD}",
    ]
    assert {f"{notice.what} {notice.name}" for notice in made.notices} == {
        "variable THEIRS",
        "secret THEIR_SECRET",
        "branch release/*",
        "tag v*",
    }


def test_an_environment_that_everybody_may_deploy_is_closed() -> None:
    for policy in ("all", "protected"):
        made = plan_sync(WANTED, replace(NOTHING, environment=ObservedEnvironment(policy)), HELD)
        assert words(made)[:2] == ["~ environment staging", "+ branch develop"]
    open_to_all = replace(WANTED, branches=())
    assert "environment" not in {
        c.kind for c in plan_sync(open_to_all, replace(NOTHING, environment=ObservedEnvironment("all")), HELD).changes
    }


def test_a_plain_variable_with_the_name_of_a_secret_is_told() -> None:
    observed = replace(first(), variables={**first().variables, "APP_SECRET": ObservedVariable("oh", 1.0)})
    [notice] = plan_sync(WANTED, observed, HELD).notices
    assert notice == OpenSecret("APP_SECRET")


def test_keys_that_people_put_there_are_asked_for_and_left() -> None:
    keys = replace(WANTED, by_hand=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    observed = replace(first(), secrets={**first().secrets, "AWS_ACCESS_KEY_ID": 1.0})
    [notice] = plan_sync(keys, observed, HELD).notices
    assert notice == SetByHand("AWS_SECRET_ACCESS_KEY")


def test_what_stands_in_the_way() -> None:
    def what(
        desired: DesiredGitHub, observed: ObservedGitHub, parameters: Mapping[str, ObservedParameter] = HELD
    ) -> Blocker:
        [blocker] = plan_sync(desired, observed, parameters).blockers
        return blocker

    path = f"{PATH}/app-secret"
    assert what(WANTED, NOTHING, {}) == NotStored(path=path, generated=False)
    assert what(replace(WANTED, generated=frozenset({path})), NOTHING, {}) == NotStored(path=path, generated=True)
    assert what(WANTED, NOTHING, {path: replace(secret(), secure=False)}) == NotSecure(path=path)
    assert what(WANTED, replace(NOTHING, archived=True)) == Archived()
    assert what(replace(WANTED, ids=(1, 3)), NOTHING) == OtherRepository(owner=1, repository=2)
    many = {f"V{number}": ObservedVariable("x", 1.0) for number in range(99)}
    full = TooMany(what="variables", count=102, limit=100)
    assert what(WANTED, replace(NOTHING, variables=many)) == full
    assert plan_sync(replace(WANTED, ids=(1, 2)), NOTHING, HELD).blockers == ()


def test_a_record_that_somebody_wrote_over_is_written_again() -> None:
    observed = first()
    for text in ("", "[]", "{}", '{"number": "x"}', '{"number":1,"branches":[],"variables":[],"secrets":[]}'):
        spoilt = replace(observed, variables={**observed.variables, RECORD: ObservedVariable(text, 900.0)})
        made = plan_sync(WANTED, spoilt, HELD)
        assert words(made) == ["~ secret APP_SECRET", f"~ record {RECORD}"]
        assert plan_sync(WANTED, applied(made, spoilt, 1000), HELD).empty


def test_the_fingerprint_is_of_all_that_is_done() -> None:
    one = plan_sync(WANTED, NOTHING, HELD)
    assert fingerprint((one,)) == fingerprint((plan_sync(WANTED, NOTHING, HELD),))
    assert fingerprint((one,)) != fingerprint((one, one))
    louder = replace(WANTED, variables={**WANTED.variables, "LOGGING_LEVEL": "INFO"})
    assert fingerprint((one,)) != fingerprint((plan_sync(louder, NOTHING, HELD),))
    assert fingerprint((one,)) != fingerprint((plan_sync(WANTED, NOTHING, {f"{PATH}/app-secret": secret(2)}),))


NAMES = st.sampled_from(["A", "B", "C", "D"])
TEXTS = st.sampled_from(["x", "y"])
TIMES = st.integers(0, 400).map(float)


@st.composite
def states(draw: st.DrawFn) -> tuple[DesiredGitHub, ObservedGitHub, dict[str, ObservedParameter]]:
    secrets = draw(st.sets(NAMES))
    desired = replace(
        WANTED,
        branches=tuple(draw(st.lists(NAMES, unique=True, min_size=1))),
        variables={f"V_{n}": text for n, text in draw(st.dictionaries(NAMES, TEXTS)).items()},
        secrets={f"S_{n}": f"{PATH}/s-{n.lower()}" for n in sorted(secrets)},
    )
    parameters = {
        path: secret(draw(st.integers(1, 3)), draw(st.floats(0, 400))) for path in sorted(desired.secrets.values())
    }
    record = Record(
        draw(st.integers(0, 5)),
        tuple(draw(st.lists(NAMES, unique=True))),
        tuple(f"V_{n}" for n in draw(st.lists(NAMES, unique=True))),
        {f"S_{n}": version for n, version in draw(st.dictionaries(NAMES, st.integers(1, 3))).items()},
    )
    variables = {f"V_{n}": ObservedVariable(t, draw(TIMES)) for n, t in draw(st.dictionaries(NAMES, TEXTS)).items()}
    if draw(st.booleans()):
        variables[RECORD] = ObservedVariable(draw(st.sampled_from([write_record(record), "spoilt"])), draw(TIMES))
    policy: Policy = draw(st.sampled_from(["all", "protected", "custom"]))
    branches = draw(st.dictionaries(NAMES, st.integers(1, 9))) if policy == "custom" else {}
    environment = draw(st.sampled_from([None, ObservedEnvironment(policy, branches)]))
    observed = replace(
        NOTHING,
        environment=environment,
        variables=variables if environment else {},
        secrets={f"S_{n}": at for n, at in draw(st.dictionaries(NAMES, TIMES)).items()} if environment else {},
    )
    return desired, observed, parameters


@given(states())
def test_whatever_was_there_one_run_makes_it_equal(
    state: tuple[DesiredGitHub, ObservedGitHub, dict[str, ObservedParameter]],
) -> None:
    desired, observed, parameters = state
    made = plan_sync(desired, observed, parameters)
    after = applied(made, observed, 500)
    assert plan_sync(desired, after, parameters).changes == ()
    assert {n: after.variables[n].value for n in desired.variables} == desired.variables
    assert desired.secrets.keys() <= after.secrets.keys()
    assert after.environment is not None
    assert set(desired.branches) <= after.environment.branches.keys()


@given(states(), st.integers(0, 20))
def test_a_run_that_was_cut_off_is_gone_on_with(
    state: tuple[DesiredGitHub, ObservedGitHub, dict[str, ObservedParameter]], cut: int
) -> None:
    desired, observed, parameters = state
    made = plan_sync(desired, observed, parameters)
    half = applied(replace(made, changes=made.changes[:cut]), observed, 500)
    after = applied(plan_sync(desired, half, parameters), half, 600)
    assert plan_sync(desired, after, parameters).changes == ()


@given(states())
def test_nothing_of_other_people_is_removed(
    state: tuple[DesiredGitHub, ObservedGitHub, dict[str, ObservedParameter]],
) -> None:
    desired, observed, parameters = state
    kept = observed.variables.get(RECORD)
    made = plan_sync(desired, observed, parameters)
    removed: list[Change] = [change for change in made.changes if change.symbol == "-"]
    assert all(kept and f'"{change.name}"' in kept.value for change in removed)
