"""`set`, `add` and `remove` as processes, in a project of their own."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.ready import deployer
from tests.samples import ENVIRONMENTS, make_project

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


@pytest.fixture
def run(project: Path) -> Run:
    return lambda *arguments: deployer(project, *arguments)


def staging(project: Path) -> str:
    return (project / "env" / "staging.yaml").read_text()


def test_a_literal_is_set_added_and_removed(run: Run, project: Path) -> None:
    before = staging(project)
    done = run("set", "staging", "LOGGING_LEVEL", "INFO")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "env/staging.yaml:64: logging-level: DEBUG -> INFO\nNext: just plan staging\n"
    assert run("set", "staging", "logging-level", "INFO").stdout.endswith("is INFO already\n")
    assert run("add", "staging", "lease-seconds", "30", "--store", "service").returncode == 0
    assert staging(project).endswith("  lease-seconds: {kind: literal, value: 30, store: service}\n")
    assert run("check", "staging").returncode == 0
    assert run("remove", "staging", "lease-seconds").returncode == 0
    assert run("set", "staging", "logging-level", "DEBUG").returncode == 0
    assert staging(project) == before


def test_what_to_do_next_is_named_as_the_user_types_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYER_JUST", "./just")

    assert run("set", "staging", "logging-level", "INFO").stdout.endswith("\nNext: ./just plan staging\n")


def test_a_secret_is_added_without_a_value(run: Run, project: Path) -> None:
    done = run("add", "staging", "metrics-token", "--generate", "32", "--json")
    assert json.loads(done.stdout) == {
        "did": "added",
        "file": "env/staging.yaml",
        "line": 66,
        "name": "metrics-token",
        "before": None,
        "after": None,
    }
    assert staging(project).endswith("  metrics-token: {kind: secret, generate: 32}\n")


def test_an_extra_variable_is_added_set_and_removed(run: Run, project: Path) -> None:
    before = staging(project)
    assert run("add", "staging", "log-shipper-url", "https://a.example", "--extra").returncode == 0
    assert run("add", "staging", "log-shipper-token", "--secret", "--extra", "--description", "Logs").returncode == 0
    assert staging(project) == before + (
        '  log-shipper-url: {kind: literal, value: "https://a.example", extra: true}\n'
        '  log-shipper-token: {kind: secret, extra: true, description: "Logs"}\n'
    )
    assert run("set", "staging", "LOG_SHIPPER_URL", "https://b.example").returncode == 0
    assert 'log-shipper-url: {kind: literal, value: "https://b.example", extra: true}' in staging(project)
    assert run("check", "staging").returncode == 0
    differing = run("diff", "staging", "production").stdout
    assert "literal https://b.example (extra)" in differing
    assert "secret (extra)" in differing
    assert "LOG_SHIPPER_URL=https://b.example" in run("export", "staging").stdout
    for name in ("log-shipper-token", "log-shipper-url"):
        assert run("remove", "staging", name).returncode == 0
    assert staging(project) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "staging", "meta-app-secret", "x"), "just secret set staging meta-app-secret"),
        (("set", "staging", "loging-level", "INFO"), "did you mean logging-level?"),
        (("set", "staging", "logging-level", "NOISY"), "env/staging.yaml:64:"),
        (("set", "staging", "logging-level", ""), "env/staging.yaml:64:"),
        (("set", "staging", "origins", "a\u202eb"), "cannot be seen: U+202E"),
        (("set", "staging", "backend-server-url", "EAAG" + "x1Y2" * 30), "fix:"),
        (("set", "nowhere", "origins", "x"), "local, production, staging"),
        (("add", "staging", "origins", "x"), "is there already"),
        (("add", "staging", "no-such-setting", "x"), "the service has no setting NO_SUCH_SETTING"),
        (("add", "staging", "no-such-setting", "x"), "write `extra: true`"),
        (("add", "staging", "lease-seconds", "30", "--extra"), "LEASE_SECONDS is a setting of the service"),
        (("add", "staging", "Not A Name", "x"), "env/staging.yaml:"),
        (("add", "staging", "x: {a: b}, y", "x"), "env/staging.yaml:"),
        (("add", "staging", "lease-seconds"), "a literal needs a value"),
        (("add", "staging", "lease-seconds", "30", "--secret"), "a manifest never holds a secret's value"),
        (("add", "staging", "metrics-token", "--secret", "--store", "service"), "--store belongs to a literal"),
        (("add", "staging", "metrics-token", "--generate", "5"), "env/staging.yaml:66:"),
        (("add", "staging", "metrics-token", "--generate", "many"), "a whole number is needed"),
        (("remove", "staging", "meta-app-secret"), "the service does not start without META_APP_SECRET"),
        (("remove", "staging", "no-such-variable"), "has no variable no-such-variable"),
    ],
)
def test_what_check_would_refuse_is_not_written(run: Run, project: Path, arguments: tuple[str, ...], said: str) -> None:
    before = staging(project)
    done = run(*arguments)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert staging(project) == before
    assert sorted(path.name for path in (project / "env").iterdir()) == sorted(
        f"{environment}.yaml" for environment in ENVIRONMENTS
    )


def test_the_file_keeps_its_rights_and_a_link_stays_a_link(run: Run, project: Path) -> None:
    real = project / "real.yaml"
    link = project / "env" / "staging.yaml"
    link.rename(real)
    real.chmod(0o640)
    link.symlink_to(real)
    assert run("set", "staging", "logging-level", "INFO").returncode == 0
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "value: INFO" in real.read_text()


def test_a_line_break_is_shown_as_one(run: Run) -> None:
    assert '-> "a\\nb"\n' in run("set", "staging", "origins", "a\nb").stdout


# Made up, and cut in two so that no scanner of repositories takes this file for a leak.
SECRETS = {
    "a Meta access token": "EAAG" + "x1Y2" * 30,
    "an AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "a private key": "-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBg",
    "a random key": "q7Xw2PzL9vRt4KcN8mBd" + "Q7Xw2PzL9vRt4KcN8m",
}


@pytest.mark.parametrize("name", ["origins", "something-new"])
@pytest.mark.parametrize("what", SECRETS)
def test_a_credential_is_no_literal_and_is_not_repeated(run: Run, project: Path, name: str, what: str) -> None:
    before = staging(project)
    verb = "set" if name == "origins" else "add"
    done = run(verb, "staging", name, SECRETS[what])
    assert (done.returncode, done.stdout) == (3, "")
    assert f"this value looks like {what}; nothing was changed" in done.stderr
    assert f"just add staging {name} --secret, then: just secret set staging {name}" in done.stderr
    assert SECRETS[what][:16] not in done.stderr
    assert staging(project) == before


@pytest.mark.parametrize("name", ["metrics-token", "META_APP_SECRET_PREVIOUS"])
def test_what_the_service_keeps_secret_is_no_literal(run: Run, project: Path, name: str) -> None:
    before = staging(project)
    done = run("add", "staging", name, "a-simple-value")
    assert done.returncode == 3
    assert "is a secret of the service; nothing was changed" in done.stderr
    assert "a-simple-value" not in done.stderr
    assert staging(project) == before


def test_a_password_under_its_own_name_is_no_literal(run: Run) -> None:
    done = run("add", "staging", "smtp-password", "hunter2hunter2")
    assert "this value looks like a password" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_value_in_the_place_of_the_name_is_not_repeated(run: Run) -> None:
    value = SECRETS["a Meta access token"]
    assert value not in run("add", "staging", value, value).stderr
