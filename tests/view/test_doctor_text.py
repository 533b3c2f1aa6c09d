"""The findings of doctor, as a person reads them and as a program does."""

from __future__ import annotations

import pytest

from deployer.core.account_finding import Account, Clock, Credentials, Region, Rights, RightsNotSimulated, RootUser
from deployer.core.finding import (
    CheckBroken,
    CheckFailed,
    CheckSkipped,
    Finding,
    NotReported,
    NotRunning,
    Reviewers,
    TargetFinding,
    UsersServed,
    UserTrouble,
)
from deployer.core.machine_finding import (
    CheckedOut,
    Endpoint,
    ManifestRead,
    Packages,
    PythonVersion,
    Tool,
    WorldRuns,
    WorldStopped,
)
from deployer.core.policies.rights import Need
from deployer.core.trouble import FailedCheck, MessagesGivenUp
from deployer.view.doctor_text import document, render
from deployer.view.documents.doctor import DoctorDocument, FindingDocument

LOCKED = {"boto3": "1.44.5", "botocore": "1.44.5"}
CLOCK = "set this machine's clock, for example with: sudo timedatectl set-ntp true"
INSTEAD = "the missing action is read from the error when a call is refused"
NEED = Need("ssm:PutParameter", ("*",))


@pytest.mark.parametrize(
    ("finding", "state", "text", "fix"),
    [
        (
            CheckFailed(about="git", what="no git", why="not found", fix="get it"),
            "problem",
            "no git: not found",
            "get it",
        ),
        (CheckFailed(about="git", what="no git"), "problem", "no git", ""),
        (
            CheckBroken(about="git", error="KeyError"),
            "unseen",
            "the check itself failed: KeyError",
            "this is a defect: please report it",
        ),
        (
            CheckSkipped(about="aws", needs="manifest"),
            "unseen",
            "the manifest names the account: fix it first",
            "",
        ),
        (CheckSkipped(about="aws", needs="local world"), "unseen", "the local world does not run", ""),
        (CheckSkipped(about="account", needs="credentials"), "unseen", "not checked without credentials", ""),
        (
            CheckSkipped(about="rights", needs="account"),
            "unseen",
            "the credentials must belong to the manifest's account first",
            "",
        ),
        (PythonVersion(version="3.11.4"), "ok", "3.11.4", ""),
        (Tool(about="just", found="./just"), "ok", "./just", ""),
        (
            Tool(about="images", found="", broken=("docker does not answer",)),
            "note",
            "none of docker, podman, buildah works: only building an image needs one; docker does not answer",
            "",
        ),
        (Tool(about="aws cli", found=""), "note", "not found: only `aws sso login` needs it", ""),
        (CheckedOut(commit="0123456789abcdef"), "ok", "commit 0123456789ab", ""),
        (Packages(file="x.lock", installed=LOCKED, locked=LOCKED), "ok", "boto3 1.44.5, botocore 1.44.5", ""),
        (Packages(file="x.lock", installed={}, locked=None), "unseen", "there is no x.lock to compare with", ""),
        (
            Packages(file="x.lock", installed={"boto3": None, "botocore": "1.40.0"}, locked=LOCKED),
            "problem",
            "boto3 is missing, locked 1.44.5; botocore 1.40.0, locked 1.44.5",
            "remove .venv/.requirements.lock, then: just check (it installs them)",
        ),
        (ManifestRead(path="env/x.yaml"), "ok", "env/x.yaml is good", ""),
        (
            ManifestRead(path="env/x.yaml", problems=2, first="x.yaml:3: no app"),
            "problem",
            "2 problems to fix, first x.yaml:3: no app",
            "just check env/x.yaml",
        ),
        (Endpoint(variables=(), local=True), "ok", "no AWS_ENDPOINT_URL is set", ""),
        (
            Endpoint(variables=("AWS_ENDPOINT_URL",), local=True),
            "note",
            "AWS_ENDPOINT_URL: set, and not used, because the manifest names its own",
            "",
        ),
        (
            Endpoint(variables=("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"), local=False),
            "problem",
            "AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SSM: set, but the manifest names no endpoint",
            "unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SSM, or name the endpoint as aws.endpoint in the manifest",
        ),
        (WorldRuns(summary="on 4566"), "ok", "runs: on 4566", ""),
        (
            WorldStopped(ports=(4566, 8001)),
            "note",
            "does not run; its ports 4566, 8001 are free",
            "start it with: just up staging",
        ),
        (
            Reviewers(asked=None),
            "unseen",
            "GITHUB_TOKEN is not set, so GitHub is not asked for required reviewers",
            "",
        ),
        (Reviewers(asked=True), "ok", "GitHub asks the reviewers of staging before a deployment", ""),
        (
            Reviewers(asked=False),
            "problem",
            "protect.confirm needs required reviewers, and the GitHub environment has none: set them in its settings",
            "",
        ),
        (
            Region(region="us-west-2", title="App Runner", offered=("us-west-2",)),
            "ok",
            "App Runner is offered in us-west-2",
            "",
        ),
        (
            Region(region="eu-north-1", title="App Runner", offered=("us-west-2", "us-east-1")),
            "problem",
            "App Runner is not offered in eu-north-1",
            "choose another aws.region: us-east-1, us-west-2",
        ),
        (Credentials(source="profile staging"), "ok", "profile staging", ""),
        (Credentials(source=""), "problem", "none found", "log in, for example with: aws sso login"),
        (Clock(ahead=None), "unseen", "the answer of AWS has no readable Date", ""),
        (Clock(ahead=-300.0), "ok", "within five minutes of AWS's", ""),
        (
            Clock(ahead=600.0),
            "problem",
            "10 minutes ahead of AWS's, which refuses signatures that are off by more than five",
            CLOCK,
        ),
        (
            Clock(ahead=-600.0),
            "problem",
            "10 minutes behind AWS's, which refuses signatures that are off by more than five",
            CLOCK,
        ),
        (Account(live="1", desired="1", who="me"), "ok", "1, as me", ""),
        (
            Account(live="1", desired="2", who="me"),
            "problem",
            "these credentials belong to account 1, the manifest names 2",
            "use the credentials of the manifest's account, or correct aws.account in the manifest",
        ),
        (TargetFinding(about="app runner", state="note", text="closed", fix="wait"), "note", "closed", "wait"),
        (
            UserTrouble(trouble=FailedCheck(check="meta", why="Meta refuses", fix="just logs ENV")),
            "problem",
            "Meta refuses",
            "just logs staging",
        ),
        (UserTrouble(trouble=MessagesGivenUp(count=1, fix="see")), "note", "1 message was given up", "see"),
        (
            UsersServed(waiting=1, given_up=0, oldest_seconds=4),
            "ok",
            "can be served; messages: 1 waiting, the oldest for 4 s; 0 given up",
            "",
        ),
        (
            UsersServed(waiting=None, given_up=None, oldest_seconds=None),
            "ok",
            "can be served; messages: not counted",
            "",
        ),
        (NotRunning(status="PAUSED"), "note", "not served: the service is PAUSED", ""),
        (NotRunning(status=""), "note", "not served: the service is not there", ""),
        (
            NotReported(path="/ready", file="deployer.yaml"),
            "unseen",
            "the service does not report at /ready whether it can serve users",
            "",
        ),
        (
            NotReported(path="", file="deployer.yaml"),
            "unseen",
            "deployer.yaml names no page where the service reports its readiness",
            "",
        ),
        (Rights(verbs="logs", denied=()), "ok", "allowed", ""),
        (
            Rights(verbs="logs", denied=(NEED,)),
            "problem",
            "not allowed: ssm:PutParameter",
            f"add to a policy of these credentials:\n{NEED.statement}",
        ),
        (RootUser(), "note", "this is the account's root user, who may do everything: use a role instead", ""),
        (
            RightsNotSimulated(caller="someone"),
            "unseen",
            f"IAM simulates users and roles only, not someone; {INSTEAD}",
            "",
        ),
        (
            RightsNotSimulated(refused="iam:GetRole"),
            "unseen",
            f"these credentials may not call iam:GetRole; {INSTEAD}",
            "",
        ),
        (RightsNotSimulated(error="AWS failed"), "unseen", f"AWS failed; {INSTEAD}", ""),
    ],
)
def test_a_finding(finding: Finding, state: str, text: str, fix: str) -> None:
    found = document(finding, "staging")
    assert (found.state, found.says, found.fix) == (state, text, fix)
    assert found.about == finding.about


def test_a_program_reads_the_kind_and_the_fields() -> None:
    found = document(Clock(ahead=600.0), "staging")
    assert (found.kind, found.details) == ("Clock", {"ahead": 600.0})
    trouble = document(UserTrouble(trouble=MessagesGivenUp(count=2)), "staging")
    assert (trouble.kind, trouble.details) == ("MessagesGivenUp", {"count": 2})


def test_the_page_has_a_line_for_each_finding_and_counts_the_problems() -> None:
    good = FindingDocument("git", "ok", "commit 1", "", "CheckedOut", {})
    bad = FindingDocument("manifest", "problem", "broken", "first\nsecond", "ManifestRead", {})
    assert render(DoctorDocument("staging", (good,))) == (
        "doctor / staging\n  ok             git  commit 1\nNo problem found."
    )
    assert render(DoctorDocument("staging", (good, bad))) == (
        "doctor / staging\n"
        "  ok             git       commit 1\n"
        "  problem        manifest  broken\n"
        "                 fix: first\n"
        "                      second\n"
        "1 problem to fix."
    )
