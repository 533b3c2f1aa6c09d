"""What every verb prints with --json fits the schema that its help names: a day of an operator, read by a program."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from deployer.view.schemas import KINDS, schema_json
from tests.cli.arguments import named, verbs
from tests.e2e import tiny
from tests.e2e.checkout import Checkout, write_piped, write_second

pytestmark = pytest.mark.timeout(240)

KIND = {
    verb: re.sub(r".*deployer schema ", "", action.help or "")
    for verb, actions in verbs()
    for action in actions
    if named(action) == "--json"
}
# In this order: each finds what the ones before have left. Where nothing else is said, the exit code is 0.
DAY = (
    ("check", "local", 0),
    ("costs", "local", 0),
    ("plan", "local", 0),
    ("reconcile", "local", 0),
    ("reconcile", "local", 0),
    ("status", "local", 0),
    ("inbox", "local", 0),
    ("dead", "local", 0),
    ("replay", "local 17", 0),
    ("verify", "local", 0),
    ("verify", "local --image no-such-tag", 3),
    ("doctor", "local", 0),
    ("logs", "local --service", 0),
    ("add", "local lease-seconds 30", 0),
    ("set", "local logging-level INFO", 0),
    ("set", "local logging-level INFO", 0),
    ("remove", "local lease-seconds", 0),
    ("check", "folder.yaml", 3),
    ("plan", "local --detailed-exitcode", 2),
    ("reconcile", "local", 0),
    ("secret import", "local given.env", 0),
    ("secret list", "local", 0),
    ("drift", "local --detailed-exitcode", 2),
    ("plan", "local --rollback", 0),
    ("rollback", "local --approve {fingerprint}", 0),
    ("hold", "local", 0),
    ("resume", "local --approve {id}", 0),
    ("pause", "local", 0),
    ("pause", "local", 0),
    ("resume", "local --old-release-first", 0),
    ("restart", "local", 0),
    ("releases", "local", 0),
    ("diff", "local second --secrets", 0),
    ("promote", "local second", 0),
    ("adopt", "taken-over --service ansari-second-whatsapp --endpoint {endpoint}", 0),
    ("destroy", "second --approve ansari-second-whatsapp", 0),
    ("bootstrap", "piped", 0),
    ("ci github-sync", "piped --check", 3),
)
NEEDS_A_TOOL = {"image build", "image push"}  # docker or another: tests/image


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    tiny.commit(checkout)
    checkout.edit("\nvariables:\n", "\nvariables:\n  operator-token: {kind: secret, generate: 32}\n")
    write_second(checkout, "value: DEBUG", "value: INFO")
    checkout.git("add", "env/second.yaml")  # what is adopted from it later is a copy that nobody has committed
    checkout.git("commit", "--quiet", "--message", "a second environment")
    write_piped(checkout)
    (checkout.root / "folder.yaml").mkdir()
    (checkout.root / "given.env").write_text("META_APP_SECRET=a-value-of-a-file\nOTHER=1\n")
    return checkout


def test_every_verb_with_json_names_its_schema_and_is_tried() -> None:
    assert set(KIND.values()) | {"manifest", "bootstrap-print", "releases-diff"} == set(KINDS)
    assert {verb for verb, _, _ in DAY} | NEEDS_A_TOOL == KIND.keys()


def test_what_is_printed_fits_the_schema(world: Checkout) -> None:
    fingerprint, hold = "", ""
    for verb, words, code in DAY:
        given = words.format(endpoint=world.endpoint, fingerprint=fingerprint, id=hold)
        line = [*verb.split(), *given.split(), "--json"]
        done = world.deployer(*line)
        assert done.returncode == code, (line, done.stdout, done.stderr)
        documents = _lines(done.stdout) if verb == "logs" else [json.loads(done.stdout)]
        assert documents, line
        fingerprint = documents[0].get("fingerprint", "") if isinstance(documents[0], dict) else ""
        hold = documents[0]["id"] if verb == "hold" else ""
        validator = _strict(json.loads(schema_json(KIND[verb])))
        for document in documents:
            validator.validate(document)


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def _strict(document: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """Also what the schema does not name is wrong, so that none is forgotten in it."""
    for part in (document, *document.get("$defs", {}).values()):
        if "properties" in part:
            part["additionalProperties"] = False
    return jsonschema.Draft202012Validator(document)
