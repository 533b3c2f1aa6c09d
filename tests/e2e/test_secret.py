"""The secret verbs, as an operator uses them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import jsonschema
import pytest

from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout
from tests.terminal import on_terminal

pytestmark = pytest.mark.timeout(240)
GENERATED, GIVEN = "meta-webhook-verify-token", "meta-app-secret"
VALUE, NEWER = "a-value-of-the-operator", "a-newer-value-of-the-operator"


@pytest.fixture(scope="module")
def released(checkout: Checkout) -> Checkout:
    tiny.commit(checkout)
    assert checkout.deployer("reconcile", "local").returncode == 0
    return checkout


def run(checkout: Checkout, *words: str, code: int = 0, stdin: str = "") -> str:
    done = checkout.deployer("secret", *words, stdin=stdin)
    assert done.returncode == code, done.stdout + done.stderr
    assert VALUE not in done.stdout + done.stderr
    return done.stderr if code else done.stdout


def listed(checkout: Checkout) -> dict[str, dict[str, Any]]:
    found = json.loads(run(checkout, "list", "local", "--json"))
    fits(checkout, "secrets", found)
    return {one["name"]: one for one in found}


def fits(checkout: Checkout, kind: str, document: object) -> None:
    schema = json.loads(checkout.deployer("schema", kind).stdout)
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(document)))


def test_what_is_set_waits_until_it_is_deployed(released: Checkout) -> None:
    before = listed(released)[GIVEN]
    assert (before["state"], before["version"], before["running"]) == ("running", 1, 1)
    run(released, "set", "local", GIVEN, stdin=VALUE + "\n")
    staged = listed(released)[GIVEN]
    assert (staged["state"], staged["version"], staged["running"]) == ("staged", 2, 1)
    assert "just reconcile local" in run(released, "list", "local")
    assert released.deployer("reconcile", "local").returncode == 0
    after = listed(released)[GIVEN]
    assert (after["state"], after["version"], after["running"]) == ("running", 2, 2)
    assert aws.secret_values(released)[GIVEN] == VALUE


def test_a_file_may_hold_it_and_its_variable_name_it(released: Checkout) -> None:
    (released.root / "secret.txt").write_text("\ufeff" + NEWER + "\r\n")
    run(released, "set", "local", "META_APP_SECRET", "--file", "secret.txt")
    assert aws.secret_values(released)[GIVEN] == NEWER


@pytest.mark.parametrize(("second", "code"), [(VALUE, 0), (VALUE + "x", 3)], ids=["the same", "another"])
def test_on_a_terminal_it_is_typed_twice_and_not_shown(released: Checkout, second: str, code: int) -> None:
    before = aws.secret_values(released)[GIVEN]
    command = [sys.executable, "-m", "deployer", "secret", "set", "local", GIVEN]
    done, shown = on_terminal(command, released.root, (f"{GIVEN}: ", VALUE), ("once more: ", second))
    assert done == code, shown
    assert VALUE not in shown
    assert aws.secret_values(released)[GIVEN] == (before if code else VALUE)


def test_one_is_shown_at_a_terminal_after_a_yes(released: Checkout) -> None:
    value = aws.secret_values(released)[GIVEN]
    command = [sys.executable, "-m", "deployer", "secret", "show", "local", GIVEN]
    done, shown = on_terminal(command, released.root, ("[y/N] ", "y"))
    assert done == 0
    assert shown.splitlines()[-1] == value
    done, shown = on_terminal(command, released.root, ("[y/N] ", ""))
    assert done == 4
    assert value not in shown
    assert "just export local --secrets --out local.env" in run(released, "show", "local", GIVEN, code=3, stdin="y\n")


def test_what_a_shell_loads_is_what_ssm_holds(released: Checkout) -> None:
    odd = 'it\'s a \\ "$HOME" `id` # value\nof two lines'
    path = f"/app-runtime/ansari-whatsapp/local/{GIVEN}"  # set by hand: the service would not start with it
    aws.ssm(released).put_parameter(Name=path, Value=odd, Type="SecureString", Overwrite=True)
    done = released.deployer("export", "local", "--secrets", "--format", "shell", "--out", "local.sh")
    assert done.returncode == 0, done.stderr
    script = 'set -a; . ./local.sh; printf %s "$META_APP_SECRET"'
    for shell in ("sh", "bash"):
        assert subprocess.check_output([shell, "-c", script], cwd=released.root, text=True) == odd
    done = released.deployer("export", "local", "--secrets", "--format", "docker", "--out", "local.docker")
    assert (done.returncode, "the value of META_APP_SECRET" in done.stderr) == (3, True)
    assert not (released.root / "local.docker").exists()
    run(released, "set", "local", GIVEN, stdin=NEWER)


def test_what_the_manifest_says_how_to_make_is_made_anew(released: Checkout) -> None:
    old = aws.secret_values(released)[GENERATED]
    assert "is there already" in run(released, "generate", "local", GENERATED, code=3)
    assert "is replaced (version 2)" in run(released, "rotate", "local", GENERATED)
    assert len(aws.secret_values(released)[GENERATED]) == len(old)
    assert aws.secret_values(released)[GENERATED] != old
    run(released, "unset", "local", GENERATED, "--approve", GENERATED)
    assert listed(released)[GENERATED]["state"] == "missing"
    assert "has no value that could be replaced" in run(released, "rotate", "local", GENERATED, code=3)
    assert f"just secret generate local {GENERATED}" in run(released, "list", "local")
    assert "is made (version 1)" in run(released, "generate", "local", GENERATED)
    assert released.deployer("reconcile", "local").returncode == 0


def test_a_value_that_was_named_is_taken_instead_of_random_bytes(released: Checkout) -> None:
    (released.root / "token.txt").write_text("a-token-of-the-operator\n")
    run(released, "rotate", "local", GENERATED, "--file", "token.txt")
    assert aws.secret_values(released)[GENERATED] == "a-token-of-the-operator"


def test_what_only_its_issuer_can_make_is_replaced_by_what_is_given(released: Checkout) -> None:
    assert "has no `generate`" in run(released, "generate", "local", GIVEN, code=3)
    rotated = f"{NEWER}-by-rotation"
    run(released, "rotate", "local", GIVEN, stdin=rotated)
    assert "it already has this value" in run(released, "rotate", "local", GIVEN, stdin=rotated, code=3)


def test_setting_the_same_value_again_writes_nothing(released: Checkout) -> None:
    run(released, "set", "local", GIVEN, stdin=NEWER)
    before = listed(released)
    assert "nothing was written" in run(released, "set", "local", GIVEN, stdin=NEWER)
    assert listed(released) == before
    assert aws.secret_values(released)[GIVEN] == NEWER


@pytest.mark.parametrize("way", ["set", "import"])
def test_a_plain_string_is_recreated_as_a_secret_and_its_value_kept(released: Checkout, way: str) -> None:
    """The same value, too: what could be read becomes a secret."""
    ssm, path = aws.ssm(released), f"{aws.PATH}/{GIVEN}"
    ssm.delete_parameter(Name=path)
    ssm.put_parameter(Name=path, Value=NEWER, Type="StringList" if way == "set" else "String")
    (released.root / "same.env").write_text(f"META_APP_SECRET={NEWER}\n")
    words = ("set", "local", GIVEN) if way == "set" else ("import", "local", "same.env")
    assert "version 1" in run(released, *words, stdin=NEWER if way == "set" else "")
    found = ssm.get_parameter(Name=path)["Parameter"]
    assert (found["Type"], found["Version"]) == ("SecureString", 1)
    assert aws.secret_values(released)[GIVEN] == NEWER
    kept = ssm.get_parameter(Name=f"{aws.LEDGER}/replaced/{GIVEN}", WithDecryption=True)["Parameter"]
    assert (kept["Type"], kept["Value"]) == ("SecureString", NEWER)


def test_a_secret_of_the_advanced_tier_stays_in_it(released: Checkout) -> None:
    ssm, path = aws.ssm(released), f"{aws.PATH}/{GIVEN}"
    ssm.put_parameter(Name=path, Value=VALUE, Type="SecureString", Tier="Advanced", Overwrite=True)
    run(released, "set", "local", GIVEN, stdin=NEWER)
    [found] = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [path]}])["Parameters"]
    assert found["Tier"] == "Advanced"
    assert aws.secret_values(released)[GIVEN] == NEWER


def test_a_dotenv_file_is_taken_as_far_as_the_manifest_names_it(released: Checkout) -> None:
    before = aws.secret_values(released)[GIVEN]
    api_key = aws.secret_values(released)["whatsapp-service-api-key"]
    (released.root / "old.env").write_text(
        "# what the service had before\n"
        f'export META_APP_SECRET="{VALUE}-of-the-file"  # quoted\n'
        f"WHATSAPP_SERVICE_API_KEY='{api_key}'\n"
        "META_WEBHOOK_VERIFY_TOKEN=\nORIGINS=https://a.example\nPORT=8001\nSOMETHING_ELSE=$META_APP_SECRET\n"
    )
    would = json.loads(run(released, "import", "local", "old.env", "--check", "--json"))
    assert aws.secret_values(released)[GIVEN] == before
    done = json.loads(run(released, "import", "local", "old.env", "--json"))
    for document in (would, done):
        fits(released, "import", document)
    said = {one["variable"]: one["did"] for one in done}
    assert said == {
        "META_APP_SECRET": "set",
        "WHATSAPP_SERVICE_API_KEY": "the same already",
        "META_WEBHOOK_VERIFY_TOKEN": "left: empty in the file",
        "ORIGINS": "left: a literal of env/local.yaml",
        "SOMETHING_ELSE": "left: the manifest does not name it",
        "META_BUSINESS_PHONE_NUMBER_ID": "not in the file",
        "META_ACCESS_TOKEN_FROM_SYS_USER": "not in the file",
    }
    assert {one["variable"]: one["status"] for one in would} == {
        "META_APP_SECRET": "other",
        "WHATSAPP_SERVICE_API_KEY": "same",
        "META_WEBHOOK_VERIFY_TOKEN": "empty",
        "ORIGINS": "literal",
        "SOMETHING_ELSE": "not-named",
        "META_BUSINESS_PHONE_NUMBER_ID": "not-given",
        "META_ACCESS_TOKEN_FROM_SYS_USER": "not-given",
    }
    assert aws.secret_values(released)[GIVEN] == f"{VALUE}-of-the-file"
    version = listed(released)[GIVEN]["version"]
    again = run(released, "import", "local", "-", stdin=(released.root / "old.env").read_text())
    assert "just reconcile" not in again
    assert listed(released)[GIVEN]["version"] == version


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("META_APP_SECRET\n", "bad.env:1: this line is not NAME=value"),
        (f"\n# a comment\n{VALUE} is here\n", "bad.env:3: this line is not NAME=value"),
        (f'A=1\nMETA_APP_SECRET="{VALUE}\nB=2\n', 'bad.env:2: the quote " that begins the value is not closed'),
        (
            f"META_APP_SECRET={VALUE}\nMETA_APP_SECRET={VALUE}\n",
            "bad.env:2: META_APP_SECRET is here a second",
        ),
        ("meta_app_secret=x\n", "bad.env:1: this is not a valid variable name"),
        ("META_APP_SECRET=changeme\n", "META_APP_SECRET: "),
        (f"META_APP_SECRET={VALUE}\nWHATSAPP_SERVICE_API_KEY={VALUE}\n", "have the same value"),
        ("META_APP_SECRET=" + "x" * 5000 + "\n", "more than 4096 bytes"),
    ],
)
def test_a_bad_dotenv_file_changes_nothing_and_is_not_repeated(released: Checkout, text: str, said: str) -> None:
    (released.root / "bad.env").write_text(text)
    before = aws.secret_values(released)
    assert said in run(released, "import", "local", "bad.env", code=3)
    assert aws.secret_values(released) == before


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (["set", "local", GIVEN], "", "the value is empty"),
        (["set", "local", GIVEN], " \n", "the value is empty"),
        (["set", "local", GIVEN], "short", "META_APP_SECRET: "),
        (["set", "local", GIVEN], "x" * 5000, "more than 4096 bytes"),
        (["set", "local", GIVEN, "--file", "no-such-file"], "", "the file that was named cannot be read"),
        (["set", "local", GIVEN, "--file", "env"], "", "the file that was named cannot be read"),
        (["set", "local", "no-such-secret"], VALUE, "use one of: "),
        (["set", "local", "logging-level"], VALUE, "use one of: "),
        (["rotate", "local", "no-such-secret"], VALUE, "use one of: "),
        (["generate", "local", "no-such-secret"], "", "use one of: "),
        (["import", "local", "no-such-file"], "", "the file that was named cannot be read"),
        (["unset", "local", "no-such-secret", "--approve", "x"], "", "no secret of this name"),
        (["unset", "local", "logging-level", "--approve", "x"], "", "no secret of this name"),
        (["unset", "local", "Not A Name"], "", "this is not a secret's name"),
    ],
)
def test_bad_input_is_told_and_changes_nothing(released: Checkout, words: list[str], stdin: str, said: str) -> None:
    before = aws.secret_values(released)
    assert said in run(released, *words, code=3, stdin=stdin)
    assert aws.secret_values(released) == before


def test_what_is_no_text_is_refused(released: Checkout) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deployer", "secret", "set", "local", GIVEN],
        cwd=released.root,
        input=b"\xff\xfe" * 10,
        capture_output=True,
        check=False,
        env=dict(os.environ),
    )
    assert (done.returncode, b"not UTF-8 text" in done.stderr) == (3, True)


def test_nothing_is_deleted_before_its_name_is_typed(released: Checkout) -> None:
    before = aws.secret_values(released)
    assert "--approve" in run(released, "unset", "local", GIVEN, code=4)
    assert "its name was not typed" in run(released, "unset", "local", GIVEN, "--approve", "yes", code=4)
    command = [sys.executable, "-m", "deployer", "secret", "unset", "local", GIVEN]
    code, shown = on_terminal(command, released.root, ("to delete it: ", "no"))
    assert (code, "env/local.yaml names it" in shown) == (4, True)
    assert aws.secret_values(released) == before
    code, shown = on_terminal(command, released.root, ("to delete it: ", GIVEN))
    assert code == 0, shown
    assert GIVEN not in aws.secret_values(released)


def test_a_parameter_of_somebody_else_is_left_to_them(released: Checkout) -> None:
    path = f"{aws.PATH}/theirs"
    aws.ssm(released).put_parameter(Name=path, Value=VALUE, Type="SecureString")
    assert "was not created by the deployer" in run(released, "unset", "local", "theirs", "--approve", "theirs", code=3)
    assert aws.ssm(released).get_parameter(Name=path)["Parameter"]["Version"] == 1
