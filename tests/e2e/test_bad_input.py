"""Bad input for every argument of every verb: words, the right exit code, and nothing changed.

The arguments are read from the parsers, so that a new one without a case here fails.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployer.__main__ import main
from deployer.core.hold import Hold
from tests.cli.arguments import command, named, verbs
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, write_piped, write_second
from tests.samples import ROOT

pytestmark = pytest.mark.timeout(240)

ENVIRONMENTS = {"ENV", "FROM", "TO", "LEFT", "RIGHT"}  # where an argument names an environment
GOOD = {
    "ENV": "local",
    "FROM": "local",
    "TO": "second",
    "LEFT": "local",
    "RIGHT": "second",
    "TEXT": "hello",
}
OF_A_VERB = {
    "rollback": {"ENV": "local"},
    "doctor": {"ENV": "local"},
    "unlock": {"ENV": "locked"},
    "replay": {"ID": "17"},
    "resume": {"ENV": "locked"},
    "adopt": {"ENV": "taken-over", "--service": "ansari-local-whatsapp"},
    "set": {"NAME": "logging-level", "VALUE": "INFO"},
    "add": {"NAME": "lease-seconds", "VALUE": "30"},
    "remove": {"NAME": "origins"},
    "secret set": {"NAME": "meta-app-secret"},
    "secret generate": {"NAME": "meta-webhook-verify-token"},
    "secret rotate": {"NAME": "meta-app-secret"},
    "secret unset": {"NAME": "meta-app-secret"},
    "secret show": {"NAME": "meta-app-secret"},
    "secret import": {"FILE": "good.env"},
    "schema": {"KIND": "plan"},
    "bootstrap": {"ENV": "piped"},
    "ci github-sync": {"ENV": "piped"},
}
REPORTS = {"verify", "doctor"}  # what they find is what they print, and no error
NO_FILE, DIRECTORY, NO_TEXT = "no-such-file", "env", "no-text.yaml"


@dataclass(frozen=True)
class Bad:
    """A value of one argument, what is said to it, and what the others have to be for it to be looked at."""

    value: str
    said: str
    code: int = 3
    beside: tuple[tuple[str, str], ...] = ()


def bad(*cases: tuple[str, str], code: int = 3, **beside: str) -> tuple[Bad, ...]:
    others = tuple((f"--{name.replace('_', '-')}", value) for name, value in beside.items())
    return tuple(Bad(value, said, code, others) for value, said in cases)


NO_NAME = (("no-such-secret", "use one of: "), ("Not A Name", "use one of: "), ("logging-level", "use one of: "))
NO_IMAGE = (("no-such-tag", "no image ansari-whatsapp:no-such-tag in ECR"), (" ", "no image"))
UNREADABLE = ((NO_FILE, "cannot be read"), (DIRECTORY, "cannot be read"), (NO_TEXT, "not UTF-8 text"))
NO_RELEASE = (("99", "there is no release 99"), ("0", "there is no release 0"), ("x", "neither a release number"))
ANOTHER = "read this plan, then approve it"

CASES: dict[tuple[str, str], tuple[Bad, ...]] = {
    ("plan", "--image"): bad(*NO_IMAGE) + bad(("x", "brings the image of its release"), rollback=""),
    ("plan", "--to"): bad(*NO_RELEASE, rollback="") + bad(("1", "belong to a rollback")),
    ("plan", "--out"): bad(
        (DIRECTORY, "Is a directory"), ("no-such-folder/x", "No such file"), ("README.md", "is not a plan")
    ),
    ("reconcile", "--image"): bad(*NO_IMAGE) + bad(("x", "leave out --image"), plan="x"),
    ("reconcile", "--plan"): bad(
        (NO_FILE, "No such file"),
        (DIRECTORY, "Is a directory"),
        (NO_TEXT, "is not a plan"),
        ("README.md", "is not a plan"),
    ),
    ("reconcile", "--approve"): bad(("no-such-plan", ANOTHER), code=4),
    ("rollback", "--to"): bad(*NO_RELEASE),
    ("rollback", "--approve"): bad(("no-such-plan", ANOTHER), code=4),
    ("promote", "TO"): bad(("local", "are the same environment")),
    ("promote", "--approve"): bad(("no-such-plan", ANOTHER), code=4),
    ("destroy", "--approve"): bad(("another-service", "not confirmed"), code=4),
    ("resume", "--approve"): bad(("no-such-hold", "not confirmed"), code=4),
    ("pause", "--approve"): bad(("no-such-plan", ANOTHER), code=4),
    ("restart", "--approve"): bad(("no-such-plan", ANOTHER), code=4),
    ("hold", "--reason"): bad(("x" * 201, "has 1 to 200"), (" ", "has 1 to 200"), (f"sk-{'a1' * 20}", "looks like")),
    ("dead", "--limit"): bad(("0", "is not a number of dead letters"), ("x", "a whole number is needed")),
    ("replay", "ID"): bad(("18", "has no dead letter"), ("a b", "has no dead letter")),
    ("replay", "--approve"): bad(("no-such-plan", ANOTHER), code=4),
    ("unlock", "--approve"): bad(("no-such-lock", "not confirmed"), code=4),
    ("logs", "--since"): bad(
        ("5", "not a valid duration"), ("-5m", "not a valid duration"), ("1.5h", "not a valid duration")
    ),
    ("logs", "--operation"): bad(("no-such-operation", "has no operation"), ("*", "has no operation")),
    ("verify", "--image"): bad(*NO_IMAGE),
    ("releases", "--diff"): bad(("x", "expected 2 arguments")),
    ("diff", "RIGHT"): bad(("local", "are the same environment")),
    ("adopt", "ENV"): bad(("Not A Name", "is not a name"), ("../x", "is not a name"), ("local", "is there already")),
    ("adopt", "--service"): bad(
        ("no-such-service", "there is no service"), ("a b", "is not a valid name of an App Runner")
    ),
    ("adopt", "--target"): bad(("nope", "is not a known target"), ("Not A Target", "is not a known target")),
    ("adopt", "--parameter-path"): bad(("nope", "has to be a path"), ("/", "has to be a path"), ("/aws/x", "has to")),
    ("adopt", "--app"): bad(("Not A Name", "is not a name")),
    ("adopt", "--literal"): bad(
        ("logging-level", "--literal takes NAME=VALUE"),
        ("port=8001", "--literal takes NAME=VALUE"),
        ("meta-app-secret=any", "META_APP_SECRET is a secret"),
        ("origins=a\u202eb", "a character that cannot be seen"),
    ),
    ("adopt", "--region"): bad(("nowhere", "has to be an AWS region")),
    ("adopt", "--endpoint"): bad(("nope", "an address of this machine"), ("https://example.com", "of this machine")),
    ("set", "NAME"): bad(("no-such-variable", "has no variable"), ("meta-app-secret", "is a secret"), ("PORT", "PORT")),
    ("set", "VALUE"): bad(("", "cannot be empty"), ("LOUD", "refuses this value"), ("arn:aws:ssm:x", "1 problem")),
    ("add", "NAME"): bad(
        ("Not A Name", "cannot be the name"),
        ("PORT", "the target itself"),
        ("logging-level", "is there already"),
        ("no-such-setting", "has no setting"),
    ),
    ("add", "VALUE"): bad(("soon", "refuses this value"), ("x" * 5000, "1 problem")),
    ("add", "--generate"): bad(("x", "a whole number is needed"), ("1", "a manifest never holds")),
    ("add", "--description"): bad(("x" * 2000, "1 problem")),
    ("add", "--store"): bad(("nowhere", "it must be one of ")),
    ("remove", "NAME"): bad(
        ("no-such-variable", "has no variable"), ("meta-app-secret", "1 problem would be introduced")
    ),
    ("completion", "SHELL"): bad(("csh", "it must be one of ")),
    ("export", "--format"): bad(("xml", "it must be one of "))
    + bad(("github", "hold no secret"), ("github-env", "hold no secret"), secrets="", out="x"),
    ("export", "--out"): bad((DIRECTORY, "cannot be written"), ("no-such-folder/x", "cannot be written"), secrets="")
    + bad(("x", "belongs to --secrets")),
    ("schema", "KIND"): bad(("no-such-kind", "no schema has this name")),
    ("secret set", "NAME"): bad(*NO_NAME),
    ("secret set", "--file"): bad(*UNREADABLE),
    ("secret generate", "NAME"): bad(*NO_NAME, ("meta-webhook-verify-token", "is there already")),
    ("secret rotate", "NAME"): bad(*NO_NAME),
    ("secret rotate", "--file"): bad(*UNREADABLE),
    ("secret unset", "NAME"): bad(("no-such-secret", "no secret of this name"), ("Not A Name", "not a secret's name")),
    ("secret unset", "--approve"): bad(("yes", "was not typed"), code=4),
    ("secret show", "NAME"): bad(*NO_NAME, ("meta-app-secret", "at a terminal only")),
    ("secret import", "FILE"): bad(*UNREADABLE, ("README.md", "cannot be imported")),
    ("bootstrap", "--approve"): bad(("no-such-plan", ANOTHER), code=4),
    ("image build", "--tool"): bad(("no-such-tool", "no-such-tool is not a supported tool")),
    ("image build", "--base"): bad(("x", "no-such-tool is not a supported tool"), tool="no-such-tool"),
    ("image push", "--tool"): bad(("no-such-tool", "no-such-tool is not a supported tool")),
    ("image push", "--base"): bad(("x", "no-such-tool is not a supported tool"), tool="no-such-tool"),
    ("ci render", "--legacy"): bad(("nowhere", "there is no environment"), ("local", "names no repository")),
    ("ci sbom", "--lock"): bad((NO_FILE, "cannot be read"), (DIRECTORY, "cannot be read"), (NO_TEXT, "cannot be read")),
    ("ci audit", "--lock"): bad((NO_FILE, "is not a file"), (DIRECTORY, "is not a file")),
    ("ci audit", "--service"): bad(("nope", "Invalid URL"), lock=str(ROOT / "requirements-service.lock")),
    ("ci github-sync", "--token-file"): bad((NO_FILE, "cannot be read"), (DIRECTORY, "cannot be read")),
    ("ci github-sync", "--approve"): bad(("no-such-plan", ANOTHER), code=4),
    ("local kill-instance", "--instance"): bad(("none", "no instance was killed"), code=1),
    ("say", "TEXT"): bad((" ", "the message is empty")),
    ("say", "--from"): bad(
        ("abc", "is not a valid phone number"),
        ("12", "is not a valid phone number"),
        ("1 2345", "is not a valid phone"),
    ),
}
# A flag has no value to be wrong: it is wrong beside another argument, or alone.
TOGETHER = [
    ("plan local --json --markdown", "exclude each other"),
    ("plan local --with-secrets", "belong to a rollback"),
    ("reconcile local --plan x --prune", "leave out --image and --prune"),
    ("plan local --rollback --prune", "a rollback deletes nothing"),
    ("replay local", "name the dead letters, or --all"),
    ("replay local 17 --all", "name the dead letters, or --all"),
    ("add local lease-seconds", "a literal needs a value"),
    ("add local lease-seconds 30 --secret", "a manifest never holds"),
    ("add local lease-seconds --secret --store service", "belongs to a literal"),
    ("export local --secrets", "to a file only"),
    ("schema plan --markdown", "belongs to the manifest"),
]


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Iterator[Checkout]:
    """Two releases, an edit that waits, a second environment, a lock, a hold, and files that are no manifest."""
    tiny.commit(checkout)
    checkout.edit("\nvariables:\n", "\nvariables:\n  operator-token: {kind: secret, generate: 32}\n")
    assert checkout.deployer("reconcile", "local").returncode == 0
    checkout.edit("value: DEBUG", "value: INFO")
    assert checkout.deployer("reconcile", "local").returncode == 0
    checkout.edit("value: INFO", "value: ERROR")
    write_second(checkout, "value: ERROR", "value: INFO")
    write_piped(checkout)
    for name in (*aws.SECRETS, "operator-token"):
        path = f"/app-runtime/ansari-whatsapp/piped/{name}"
        aws.ssm(checkout).put_parameter(Name=path, Value=f"12345-{name}", Type="SecureString")
    text = (checkout.root / "env" / "second.yaml").read_text()
    (checkout.root / "env" / "locked.yaml").write_text(text.replace("second", "locked"))
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    lock = {"id": "a-lock", "holder": "somebody", "verb": "reconcile", "host": "elsewhere", "pid": 1, "started": 1}
    body = json.dumps({**lock, "since": soon, "beat": soon, "expires": soon})
    aws.ssm(checkout).put_parameter(Name="/app-deployer/ansari-whatsapp/locked/lock", Value=body, Type="String")
    hold = Hold("a-hold", "manual", "arn:aws:iam::000000000000:user/somebody", soon, "an incident").to_text()
    aws.ssm(checkout).put_parameter(Name="/app-deployer/ansari-whatsapp/locked/hold", Value=hold, Type="String")
    (checkout.root / NO_TEXT).write_bytes(b"\xff\xfe\x00")
    (checkout.root / "good.env").write_text("META_APP_SECRET=a-value-of-a-file\n")
    (checkout.root / "folder.yaml").mkdir()
    (checkout.root / "dangling.yaml").symlink_to("nowhere.yaml")
    before = asked_of_aws(checkout)
    yield checkout
    assert asked_of_aws(checkout) == before


def files(checkout: Checkout) -> dict[Path, bytes]:
    folders = (checkout.root, checkout.root / "env")
    return {path: path.read_bytes() for folder in folders for path in folder.iterdir() if path.is_file()}


def asked_of_aws(checkout: Checkout) -> object:
    """Every parameter by version, and every operation of App Runner."""
    described = aws.ssm(checkout).get_paginator("describe_parameters").paginate()
    versions = {one["Name"]: one["Version"] for page in described for one in page["Parameters"]}
    return versions, aws.operations(checkout)


@pytest.fixture
def refused(world: Checkout) -> Iterator[Refusal]:
    before = files(world)
    with contextlib.chdir(world.root):
        yield Refusal()
    assert files(world) == before


class Refusal:
    """Runs a command line in this process, where nobody is at a terminal."""

    def __call__(self, words: list[str], said: str, code: int = 3) -> None:
        shown, told = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(told):
            done = main(words)
        everything = shown.getvalue() + told.getvalue()
        assert (done, said in everything) == (code, True), everything
        assert "Traceback" not in everything
        assert "a defect" not in everything
        assert told.getvalue().count("error: ") == 1 or words[0] in REPORTS, everything


def good(verb: str, checkout: Checkout) -> dict[str, str]:
    """A command that would do something, but for what a case makes of it."""
    wanted = [named(action) for action in dict(verbs())[verb] if action.required]
    given = {name: GOOD[name] for name in wanted if name in GOOD} | OF_A_VERB.get(verb, {})
    return given | ({"--endpoint": checkout.endpoint} if verb == "adopt" else {})


TYPED = {"--generate", "--limit", "--since"}  # each has a message of its own for what is not a number
VALUES = [(verb, named(a)) for verb, actions in verbs() for a in actions if a.nargs != 0]
FLAGS = [(verb, named(a)) for verb, actions in verbs() for a in actions if a.nargs == 0]
NAMING = [(verb, name) for verb, name in VALUES if name in ENVIRONMENTS and verb != "adopt"]


def test_every_argument_has_a_case() -> None:
    assert set(VALUES) - set(NAMING) - CASES.keys() == set()
    assert CASES.keys() - set(VALUES) == set()


@pytest.mark.parametrize(
    ("verb", "name", "case"),
    [(verb, name, case) for (verb, name), cases in CASES.items() for case in cases],
    ids=lambda part: repr(part.value)[:30] if isinstance(part, Bad) else part,
)
def test_a_bad_value(world: Checkout, refused: Refusal, verb: str, name: str, case: Bad) -> None:
    refused(command(verb, good(verb, world) | dict(case.beside) | {name: case.value}), case.said, case.code)


@pytest.mark.parametrize(
    ("verb", "name"), [one for one in VALUES if one not in {("set", "VALUE"), ("releases", "--diff")}]
)
def test_an_empty_value(world: Checkout, refused: Refusal, verb: str, name: str) -> None:
    refused(command(verb, good(verb, world) | {name: ""}), "" if name in TYPED else "it is empty")


@pytest.mark.parametrize(("verb", "name"), NAMING)
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("nowhere", "use one of: local, locked, piped, production, second, staging"),
        ("../env/local", "there is no environment"),
        ("nowhere.yaml", "there is no such file"),
        ("folder.yaml", "this is a directory"),
        ("dangling.yaml", "there is no such file"),
        (NO_TEXT, "not UTF-8 text"),
    ],
)
def test_an_environment_that_is_none(
    world: Checkout, refused: Refusal, verb: str, name: str, environment: str, said: str
) -> None:
    refused(command(verb, good(verb, world) | {name: environment}), said)


@pytest.mark.parametrize(("verb", "flag"), FLAGS)
def test_a_flag_takes_no_value(world: Checkout, refused: Refusal, verb: str, flag: str) -> None:
    refused([*command(verb, good(verb, world)), f"{flag}=yes"], "it takes no value")


@pytest.mark.parametrize(("words", "said"), TOGETHER)
def test_what_does_not_go_together(refused: Refusal, words: str, said: str) -> None:
    refused(words.split(), said)


@pytest.mark.parametrize(
    "verb", [verb for verb, actions in verbs() if any(a.required and a.nargs != "*" for a in actions)]
)
def test_what_is_left_out(refused: Refusal, verb: str) -> None:
    refused(verb.split(), "missing: ")
