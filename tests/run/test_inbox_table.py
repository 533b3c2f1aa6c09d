"""How the service's own command is started for a table, and what its errors mean to an operator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deployer.aws.session import Session
from deployer.errors import Blocked, DeployerError
from deployer.run.inbox_table import InboxTable
from deployer.world_keys import Keys, write

KEYS = Keys("LOCAL0123", "secret-key-of-this-test", "token-of-this-test")
ADDRESS = "dynamodb://inbox?region=us-west-2"
COMMAND = """
import json, os, sys
print(json.dumps({"instance": "", "shared": True, "letters": []}))
json.dump([sys.argv[1:], dict(os.environ)], open("asked.json", "w"))
"""


def table(folder: Path, source: str, *command: str) -> InboxTable:
    write(folder / "keys", 4566, KEYS)
    (folder / "inbox.py").write_text(source)
    session = Session("000000000000", "us-west-2", "http://127.0.0.1:4566", folder / "keys")
    return InboxTable(ADDRESS, "inbox-url", command or ("python", "inbox.py"), folder, session, "staging")


def told(folder: Path, error: str, verb: str = "dead") -> DeployerError:
    source = f"print({json.dumps({'error': error})!r}); raise SystemExit(1)"
    opened = table(folder, source)
    with pytest.raises(DeployerError) as caught:
        _ = opened.list_dead() if verb == "dead" else opened.replay(["d.x.y"], "")
    return caught.value


def test_the_command_gets_credentials_by_its_environment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "INBOX_KEY", "META_APP_SECRET", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, "of the user")
    assert table(tmp_path, COMMAND).list_dead().letters == ()
    arguments, env_vars = json.loads((tmp_path / "asked.json").read_text())
    assert arguments == ["dead", "--json"]
    assert env_vars["INBOX_URL"] == ADDRESS
    assert env_vars["AWS_SECRET_ACCESS_KEY"] == KEYS.secret_key
    assert env_vars["AWS_ENDPOINT_URL_DYNAMODB"] == "http://127.0.0.1:4566"
    assert env_vars["AWS_CONFIG_FILE"] == "/dev/null"
    assert env_vars.keys() & {"AWS_PROFILE", "INBOX_KEY", "META_APP_SECRET", "AWS_ENDPOINT_URL", "HOME"} == set()


def test_a_limit_is_the_commands(tmp_path: Path) -> None:
    table(tmp_path, COMMAND).list_dead(5)
    assert json.loads((tmp_path / "asked.json").read_text())[0] == ["dead", "--json", "--limit", "5"]


def test_an_id_is_never_taken_for_an_option(tmp_path: Path) -> None:
    report: dict[str, Any] = {"replayed": ["-x"], "unknown": [], "starts_within_seconds": 5}
    opened = table(tmp_path, COMMAND.replace('"letters": []', json.dumps(report)[1:-1]))
    assert opened.replay(["-x"], "").replayed == ("-x",)
    assert json.loads((tmp_path / "asked.json").read_text())[0] == ["replay", "--json", "--", "-x"]


def test_a_table_that_is_missing_is_made_by_a_reconcile(tmp_path: Path) -> None:
    error = told(tmp_path, "ResourceNotFoundException")
    assert isinstance(error, Blocked)
    assert (error.what, error.fix) == (f"there is no table at {ADDRESS}", "just reconcile staging")


@pytest.mark.parametrize(("verb", "writes"), [("dead", False), ("replay", True)])
def test_a_denied_call_names_the_rights(tmp_path: Path, verb: str, writes: bool) -> None:
    error = told(tmp_path, "AccessDeniedException", verb)
    assert "these credentials may not use the inbox" in error.what
    assert ("dynamodb:UpdateItem" in error.fix) == writes
    assert "dynamodb:Query" in error.fix


def test_any_other_error_is_its_cause(tmp_path: Path) -> None:
    assert told(tmp_path, "ClientConnectorError").why == "ClientConnectorError"


def test_a_command_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeployerError, match="cannot be run: no-such-program"):
        table(tmp_path, "", "no-such-program").count()
    with pytest.raises(DeployerError, match="returned no report") as caught:
        table(tmp_path, "import no_such_module").count()
    assert caught.value.why == "ModuleNotFoundError: No module named 'no_such_module'"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise KeyError('wamid.of-a-user')", "KeyError"),
        ("import sys; sys.exit('Is it allowed?')", ""),
        ("raise SystemExit(1)", ""),
    ],
)
def test_what_the_command_writes_is_not_repeated(tmp_path: Path, source: str, why: str) -> None:
    opened = table(tmp_path, source)
    with pytest.raises(DeployerError, match="returned no report") as caught:
        opened.count()
    assert caught.value.why == why
