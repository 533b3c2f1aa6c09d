"""Sentinel secrets through every verb, with everything that can go wrong: they appear on no surface."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from deployer.view.env_text import FORMATS
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, approved, resumed
from tests.ready import deployer

pytestmark = pytest.mark.timeout(240)
# With the letters that JSON, addresses and Python write in another way.
SENTINELS = {
    "whatsapp-service-api-key": 'sentinel-api-key-"quoted"-\\back',
    "meta-business-phone-number-id": "987654321098765",
    "meta-access-token-from-sys-user": "sentinel-token/with+signs&more=",
    "meta-app-secret": "sentinel-app-secret-'single'",
    "meta-webhook-verify-token": "sentinel-verify-token-%41",
}
NEWER = "sentinel-of-the-second-version"
# It tells everything it holds, in every way a careless service might, and fails.
TALKATIVE = """
import json, os, sys, urllib.parse
print(dict(os.environ))
print(json.dumps(dict(os.environ)), file=sys.stderr)
for name, value in os.environ.items():
    print(name, value, urllib.parse.quote(value, safe=""), urllib.parse.quote(value), flush=True)
raise SystemExit("cannot start with " + os.environ["META_APP_SECRET"])
"""


class Surfaces:
    """What every command of a checkout has shown."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.texts: dict[str, str] = {}

    def run(self, *arguments: str, code: int = 0, stdin: str = "", **environment: str) -> str:
        done = deployer(self.checkout.root, *arguments, stdin=stdin, environment={**os.environ, **environment})
        shown = done.stdout + done.stderr
        self.texts[f"{len(self.texts)} {' '.join(arguments)}"] = shown
        assert done.returncode == code, shown
        return shown

    def leaks(self, secrets: list[str]) -> list[str]:
        """Where which secret can be read, also without its first and last letters."""
        inner = [secret[2:-2] for secret in secrets]
        return [f"{place}: {secret}" for place, text in self.texts.items() for secret in inner if secret in text]


@pytest.fixture(scope="module")
def surfaces(cold_checkout: Checkout) -> Surfaces:
    tiny.commit(cold_checkout)
    made = Surfaces(cold_checkout)
    made.run("local", "up")
    for name, value in SENTINELS.items():
        made.run("secret", "set", "local", name, stdin=value)
    made.run("reconcile", "local")
    return made


def test_a_watched_secret_would_be_seen(surfaces: Surfaces) -> None:
    """The watch itself works: what is on a surface is found."""
    assert surfaces.leaks(["xxlocalxx"])


def test_none_is_shown_by_any_verb_whatever_goes_wrong(surfaces: Surfaces) -> None:
    checkout, run = surfaces.checkout, surfaces.run
    held = aws.secret_values(checkout)
    assert held == SENTINELS
    run("secret", "set", "local", "meta-app-secret", stdin=NEWER)
    run("secret", "rotate", "local", "meta-app-secret", stdin=NEWER, code=3)
    run("secret", "list", "local")
    run("secret", "list", "local", "--json")
    (checkout.root / "old.env").write_text(f"META_APP_SECRET='{NEWER}'\nX={NEWER}\n")
    run("secret", "import", "local", "old.env", "--json")
    (checkout.root / "bad.env").write_text(f"{NEWER}\nMETA_APP_SECRET={NEWER}\n{NEWER}=1\n")
    run("secret", "import", "local", "bad.env", code=3)
    for form in ([], ["--json"], ["--markdown"], ["--out", "plan.json"]):
        run("plan", "local", *form)
    run("reconcile", "local", "--json")
    run(*approved(checkout, "local", "--to", "1", "--with-secrets"))
    run("hold", "local", "--json")
    run(*resumed(checkout))
    run("plan", "local", "--rollback", "--to", "1", "--with-secrets", "--json")
    run("releases", "local", "--json", "--all")
    run("unlock", "local")
    for verb in ("status", "drift", "doctor"):
        run(verb, "local")
        run(verb, "local", "--json")
    run("verify", "local", "--decrypt")
    for written in (*FORMATS, "github"):
        run("export", "local", "--format", written)
    for which in ("--since=1h", "--service", "--json"):
        run("logs", "local", which)
    run("adopt", "taken-over", "--service", "ansari-local-whatsapp", "--endpoint", checkout.endpoint)
    surfaces.texts["taken-over.yaml"] = (checkout.root / "env" / "taken-over.yaml").read_text()
    run("diff", "local", "taken-over", "--secrets")
    run("destroy", "taken-over", "--approve", "ansari-local-whatsapp", code=3)
    (checkout.root / "env" / "taken-over.yaml").unlink()
    run("destroy", "local", "--with-secrets", code=4)
    run("local", "status")
    run("check", "local", "--json")
    run("secret", "set", "local", "no-such-secret", stdin=NEWER, code=3)
    run("secret", "set", "local", "meta-app-secret", stdin="x" * 5000, code=3)
    run("plan", "local", "--nonsense", NEWER[:4], code=3)
    tiny.install(checkout, TALKATIVE)
    said = run("reconcile", "local", code=5, DEPLOYER_TRACEBACK="1")
    assert "cannot start with <secret>" in said
    tiny.install(checkout, tiny.SILENT)
    run("reconcile", "local", code=5)
    client = aws.ssm(checkout)
    client.put_parameter(Name=f"{aws.PATH}/meta-app-secret", Value="change-me-now-please", Overwrite=True)
    run("reconcile", "local", code=3, DEPLOYER_TRACEBACK="1")
    client.delete_parameter(Name=f"{aws.PATH}/meta-app-secret")
    client.put_parameter(Name=f"{aws.PATH}/meta-app-secret", Value=NEWER, Type="String")
    tiny.install(checkout)
    run("reconcile", "local", DEPLOYER_TRACEBACK="1")
    for name in ("release", "lock"):
        history = client.get_parameters_by_path(Path=aws.LEDGER)["Parameters"]
        surfaces.texts[f"ledger {name}"] = json.dumps([parameter["Value"] for parameter in history])
    for version in client.get_parameter_history(Name=f"{aws.LEDGER}/release")["Parameters"]:
        surfaces.texts[f"release {version['Version']}"] = version["Value"]
    [service] = aws.apprunner(checkout).list_services()["ServiceSummaryList"]
    described = aws.apprunner(checkout).describe_service(ServiceArn=service["ServiceArn"])
    surfaces.texts["service"] = json.dumps(described["Service"], default=str)
    surfaces.texts["plan.json"] = (checkout.root / "plan.json").read_text()
    for path in (checkout.root / ".deployer").rglob("*"):
        if path.is_file():
            surfaces.texts[str(path)] = path.read_text(errors="replace")
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            surfaces.texts[str(process)] = process.read_text(errors="replace")
        except OSError:
            continue
    assert surfaces.leaks([*SENTINELS.values(), NEWER, "change-me-now-please"]) == []
