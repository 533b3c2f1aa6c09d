"""The plan for GitHub's settings, as a person reads it."""

from __future__ import annotations

import pytest

from deployer.resources.github_environment.blocker import (
    Archived,
    Blocker,
    LongValue,
    NameInUse,
    NameReserved,
    NotSecure,
    NotStored,
    OtherRepository,
    TooMany,
)
from deployer.resources.github_environment.cause import Cause, CauseKind
from deployer.resources.github_environment.difference import (
    GitHubDiffers,
    GitHubLacks,
    GitHubNotice,
    github_differences,
)
from deployer.resources.github_environment.notice import (
    LeftAlone,
    MayDeploy,
    Notice,
    OpenSecret,
    SetByHand,
    Unreviewed,
)
from deployer.resources.github_environment.plan import Change, SyncPlan
from deployer.view.github_text import UNREVIEWED, blocker_text, notice_text, reason, render
from deployer.view.other_locations_text import difference_text, synced_by

RENAME = "give the variable another name in the manifest"
NEW = Cause(kind=CauseKind.NEW)
PLAN = SyncPlan(
    repository="owner/name",
    environment="staging",
    changes=(
        Change("variable", "+", "LEVEL", NEW, "INFO", "staging.yaml:4"),
        Change("secret", "~", "TOKEN", Cause(kind=CauseKind.OTHER_VERSION, version=2, sent=1)),
        Change("record", "~", "RECORD", Cause(kind=CauseKind.RECORD_OTHER), "{}"),
    ),
    notices=(SetByHand("KEY"),),
    blockers=(Archived(),),
    unchanged=3,
)


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        (NEW, "new"),
        (Cause(kind=CauseKind.NEW, version=2), "new: version 2"),
        (Cause(kind=CauseKind.OPEN_TO_ALL), "every branch may deploy it, and protect.branches names a few"),
        (
            Cause(kind=CauseKind.OPEN_TO_PROTECTED),
            "every protected branch may deploy it, and protect.branches names a few",
        ),
        (Cause(kind=CauseKind.BRANCH_NAMED), "protect.branches names it"),
        (Cause(kind=CauseKind.BRANCH_NOT_NAMED), "protect.branches no longer names it"),
        (Cause(kind=CauseKind.NOT_ASKED), "the manifest no longer asks for it"),
        (Cause(kind=CauseKind.OTHER_VALUE), "GitHub has another value"),
        (
            Cause(kind=CauseKind.NOT_FROM_HERE, version=2, there=900.0),
            "sent again, version 2: that of GitHub (1970-01-01 00:15:00) did not come from here",
        ),
        (
            Cause(kind=CauseKind.OTHER_VERSION, version=2, sent=1),
            "sent again: SSM has version 2, GitHub was sent version 1",
        ),
        (
            Cause(kind=CauseKind.CHANGED_LATER, changed=900.0, there=60.0),
            "sent again: SSM's is of 1970-01-01 00:15:00, GitHub's of 1970-01-01 00:01:00",
        ),
        (
            Cause(kind=CauseKind.REPLACED, there=900.0),
            "sent again: it was replaced on GitHub at 1970-01-01 00:15:00",
        ),
        (Cause(kind=CauseKind.RECORD_NEW), "names and versions that the deployer has set"),
        (Cause(kind=CauseKind.RECORD_OTHER), "the deployer has set other names or versions"),
    ],
)
def test_why_a_change_is_made(cause: Cause, text: str) -> None:
    assert reason(Change("secret", "~", "TOKEN", cause)) == text


def test_every_kind_of_cause_has_a_text() -> None:
    assert all(reason(Change("secret", "~", "TOKEN", Cause(kind=kind))) for kind in CauseKind)


@pytest.mark.parametrize(
    ("notice", "text"),
    [
        (OpenSecret("TOKEN"), "a variable with the name of a secret: everyone can read it"),
        (LeftAlone("variable", "OTHER"), "left: not from here"),
        (MayDeploy("tag", "v*"), "left: it may deploy, and protect.branches does not name it"),
        (SetByHand("KEY"), "the jobs need it: gh secret set KEY --env staging"),
        (Unreviewed("staging"), UNREVIEWED),
    ],
)
def test_what_is_only_reported(notice: Notice, text: str) -> None:
    assert notice_text(notice, "staging") == text


@pytest.mark.parametrize(
    ("blocker", "what", "fix"),
    [
        (NameInUse(name="KEY"), "KEY is a name that the deployer itself uses on GitHub", RENAME),
        (
            NameReserved(name="GITHUB_X", prefix="GITHUB_"),
            "GitHub takes no variable or secret whose name starts with GITHUB_: GITHUB_X",
            RENAME,
        ),
        (
            LongValue(name="LONG", size=9, limit=8),
            "LONG has 9 bytes, and GitHub takes at most 8",
            "make its value shorter",
        ),
        (
            NotStored(path="/a/token", generated=False),
            "/a/token: not in SSM, so there is nothing to send",
            "just secret set staging token",
        ),
        (
            NotStored(path="/a/token", generated=True),
            "/a/token: not in SSM, so there is nothing to send",
            "just secret generate staging token",
        ),
        (
            NotSecure(path="/a/token"),
            "/a/token: not a SecureString in SSM, so it is not sent",
            "just plan staging",
        ),
        (Archived(), "owner/name is archived: nothing of it can be changed", "unarchive it on GitHub"),
        (
            OtherRepository(owner=1, repository=2),
            "owner/name is another repository than github.ids names: on GitHub it is {owner: 1, repository: 2}",
            "check who owns it now, then correct github.ids or github.repository",
        ),
        (
            TooMany(what="secrets", count=101, limit=100),
            "101 secrets: an environment takes at most 100",
            "remove some of them on GitHub",
        ),
    ],
)
def test_what_must_be_fixed_first(blocker: Blocker, what: str, fix: str) -> None:
    assert blocker_text(blocker, PLAN) == (what, fix)


def test_the_plan_has_a_line_for_each_change_notice_and_problem() -> None:
    assert render(PLAN).splitlines() == [
        "owner/name, environment staging",
        "  +  variable  LEVEL   'INFO'  (new)                                             staging.yaml:4",
        "  ~  secret    TOKEN   sent again: SSM has version 2, GitHub was sent version 1",
        "  ~  record    RECORD  the deployer has set other names or versions",
        "  !  secret    KEY     the jobs need it: gh secret set KEY --env staging",
        "  problem: owner/name is archived: nothing of it can be changed",
        "      fix: unarchive it on GitHub",
        "  1 to add, 2 to change, 0 to remove, 3 unchanged",
    ]


def test_verify_lists_what_github_lacks_and_how_it_is_set() -> None:
    differences = list(github_differences([PLAN]))
    assert [type(difference) for difference in differences] == [GitHubLacks, GitHubDiffers, GitHubNotice]
    assert [difference_text(difference, "staging") for difference in differences] == [
        "GitHub lacks: variable LEVEL",
        "GitHub secret TOKEN: sent again: SSM has version 2, GitHub was sent version 1",
        "GitHub secret KEY: the jobs need it: gh secret set KEY --env staging",
    ]
    command = "deployer ci github-sync staging"
    assert [synced_by(difference, "staging") for difference in differences] == [command, command, ""]
    assert difference_text(differences[0], "production") == "GitHub's staging lacks: variable LEVEL"
