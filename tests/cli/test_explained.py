"""Broken surroundings of a user, through the real command line: each is a sentence with a fix."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployer.cli.terminal import colour
from deployer.core.dotenv_file import bindings
from deployer.errors import DeployerError
from deployer.git import run_git
from deployer.view.other_locations_text import dotenv_problem
from tests.samples import ROOT, make_project

SECRET = "sentinel-in-standard-input"
CONFIG = """\
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile keys]
aws_access_key_id = testing
aws_secret_access_key = testing
[profile half]
aws_access_key_id = testing
[profile "two words"]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Deploy
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = us-west-2
[profile role]
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = two words
[profile program]
credential_process = /bin/echo not-json
[profile token]
role_arn = arn:aws:iam::123456789012:role/deploy
web_identity_token_file = /no/such/token
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_project(tmp_path_factory.mktemp("project"))
    (made / "config").write_text(CONFIG)
    (made / "broken").write_text("[profile x\nregion = us-west-2\n")
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.invalid")
    run_git(made, "init", "--quiet")
    run_git(made, *identity, "commit", "--quiet", "--allow-empty", "--message", "one")
    return made


def shown(project: Path, *arguments: str, config: str = "config", stdin: str = "", **variables: str) -> str:
    """What a failed command writes to stderr. It has no terminal: it is in a session of its own."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    environ = {
        **kept,
        "PYTHONPATH": str(ROOT),
        "HOME": str(project),
        "AWS_CONFIG_FILE": str(project / config),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-m", "deployer", *arguments],
        cwd=project,
        env=environ,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "defect" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("profile", "what", "fix"),
    [
        ("two words", "the AWS login of profile two words is missing", "aws sso login --profile 'two words'"),
        ("role", "the AWS login of profile role is missing", "aws sso login --profile 'two words'"),
        ("half", "credentials of profile half are incomplete", "aws configure --profile half"),
        (
            "program",
            "credentials of profile program could not be read",
            "aws sts get-caller-identity --profile program",
        ),
        ("token", "/no/such/token: No such file", "aws sts get-caller-identity --profile token"),
        ("nobody", "The config profile (nobody) could not be found", "aws configure list-profiles"),
        (
            "mfa",
            "profile mfa needs an MFA code, and there is no terminal",
            "export-credentials --format env --profile mfa",
        ),
    ],
)
def test_a_profile_that_gives_no_credentials(project: Path, profile: str, what: str, fix: str) -> None:
    said = shown(project, "status", "staging", AWS_PROFILE=profile)
    assert what in said
    assert fix in said.partition("fix: ")[2]


def test_a_secret_in_standard_input_is_not_taken_for_an_mfa_code(project: Path) -> None:
    said = shown(project, "secret", "set", "staging", "meta-app-secret", stdin=SECRET, AWS_PROFILE="mfa")
    assert "there is no terminal to type it at" in said
    assert SECRET not in said


def test_a_broken_aws_config_file_is_named(project: Path) -> None:
    said = shown(project, "status", "staging", config="broken")
    assert "the AWS configuration file cannot be read" in said
    assert str(project / "broken") in said
    assert "fix: correct it: each profile is a line [profile NAME]" in said


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ('A=1\nB="x\nC=2\n', 2, 'the quote " that begins the value is not closed'),
        ("\n\nexport B = 'x\n", 3, "the quote ' that begins the value is not closed"),
        ('B="x\nC="y"\n', 1, 'the quote " that begins the value is not closed'),
        ('B="x\\"\n', 1, 'the quote " that begins the value is not closed'),
        ("B='it's'\n", 1, "text follows the quote ' that ends the value"),
        ("x y\n", 1, "this line is not NAME=value"),
        ("B\n", 1, "this line is not NAME=value"),
    ],
)
def test_a_line_of_a_dotenv_that_cannot_be_read(text: str, line: int, problem: str) -> None:
    [found] = [one for one in bindings(text) if one.problem]
    assert found.number == line
    assert dotenv_problem(found).startswith(problem)


class Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
)
def test_a_dumb_terminal_gets_no_colour(
    variables: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    assert colour(Terminal()) is coloured


def test_a_broken_git_configuration_is_reported_with_a_fix(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "--quiet")
    (tmp_path / ".git" / "config").write_text("[core\n")
    with pytest.raises(DeployerError) as caught:
        run_git(tmp_path, "status")
    assert "bad config line 1" in caught.value.why
    assert caught.value.fix == "correct the line of git's configuration that it names"
