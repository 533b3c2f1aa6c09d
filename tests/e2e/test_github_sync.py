"""GitHub's settings from the manifests: the real CLI against the local GitHub, and whatever can go wrong."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from tests import loopback
from tests.e2e import aws
from tests.e2e.checkout import Checkout
from tests.loopback import NO_TLS
from tests.ports import free_port
from tests.ready import deployer
from tests.terminal import on_terminal

pytestmark = pytest.mark.timeout(240)
SECRETS = {
    "whatsapp-service-api-key": 'sentinel-api-key-"quoted"-\\back',
    "meta-business-phone-number-id": "987654321098765",
    "meta-access-token-from-sys-user": "sentinel-token/with+signs&more=",
    "meta-app-secret": "sentinel-app-secret-'single'",
    "meta-webhook-verify-token": "sentinel-verify-token-%41",
}
NEWER = "sentinel-of-the-second-version"
WRONG_TOKEN = "ghp_sentinel-of-a-token-that-nobody-knows"
REPOSITORY = "ansari-project/ansari-whatsapp"
SECTION = f"""
github:
  repository: {REPOSITORY}
  branch: develop
  credentials: {{kind: oidc, role: deploys, managed: true}}

variables:"""


class World:
    """A checkout whose local environment is deployed from a repository, and all that its commands have shown."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.shown: list[str] = []
        self.data = ""  # what the last command wrote on stdout
        self.github = f"{checkout.endpoint}/_local/github"
        self.environment = f"{self.github}/repos/{REPOSITORY}/environments/local"
        handed = loopback.get(f"{checkout.endpoint}/_local/secrets/github-token", headers=checkout.keys.bearer).json()
        self.token = str(handed["value"])
        self.client = httpx.Client(verify=NO_TLS, headers={"Authorization": f"Bearer {self.token}"})

    def run(self, *arguments: str, code: int = 0, stdin: str = "", **environment: str) -> str:
        """Without a token, whatever this process has."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GH_"))}
        done = deployer(self.checkout.root, *arguments, stdin=stdin, environment={**clean, **environment})
        self.shown.append(done.stdout + done.stderr)
        self.data = done.stdout
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def sync(self, *options: str, code: int = 0, **environment: str) -> str:
        return self.run("ci", "github-sync", "local", *options, code=code, **environment)

    def document(self, *options: str, code: int = 0) -> Any:
        self.sync("--json", *options, code=code)
        return json.loads(self.data)[0]

    def faults(self, **switches: object) -> None:
        bearer = self.checkout.keys.bearer
        assert self.client.put(f"{self.github}/_control/faults", json=switches, headers=bearer).status_code == 200

    def variables(self) -> dict[str, str]:
        found = self.client.get(f"{self.environment}/variables", params={"per_page": 30}).json()
        assert found["total_count"] == len(found["variables"])
        return {one["name"]: one["value"] for one in found["variables"]}

    def secrets(self) -> dict[str, str]:
        bearer = self.checkout.keys.bearer
        opened = self.client.get(f"{self.github}/_control/secrets/{REPOSITORY}/local", headers=bearer).json()
        return {name.lower().replace("_", "-"): value for name, value in opened.items()}

    def written(self) -> list[str]:
        """The writes since the last look."""
        record = self.client.delete(f"{self.github}/_control/record", headers=self.checkout.keys.bearer)
        return list(record.json()["written"])

    def limited_token(self, **rights: str) -> str:
        made = self.client.post(f"{self.github}/_control/tokens", json=rights, headers=self.checkout.keys.bearer)
        return str(made.json()["token"])


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> World:
    checkout.edit("\nvariables:", SECTION)
    checkout.edit("branches: []", "branches: [develop, main]")
    checkout.git("commit", "--all", "--quiet", "--message", "local is deployed from GitHub")
    checkout.git("branch", "--move", "develop")
    for name, value in list(SECRETS.items())[:-1]:
        aws.ssm(checkout).put_parameter(Name=f"{aws.PATH}/{name}", Value=value, Type="SecureString")
    return World(checkout)


def test_a_secret_that_is_missing_stops_all_of_it(world: World) -> None:
    said = world.sync(code=3)
    assert "/meta-webhook-verify-token: not in SSM, so there is nothing to send  (env/local.yaml:" in said
    assert "fix: just secret generate local meta-webhook-verify-token" in said
    assert world.written() == []
    world.run("secret", "set", "local", "meta-webhook-verify-token", stdin=SECRETS["meta-webhook-verify-token"])


def test_it_fails_before_the_first_write_and_says_why(world: World) -> None:
    closed = f"http://127.0.0.1:{free_port()}"
    github = {"GITHUB_API_URL": world.github}
    right = world.limited_token(metadata="read", actions="read", environments="write")
    blind = world.limited_token(actions="read")
    file = world.checkout.root / ".deployer" / "token"
    file.write_text(f"{WRONG_TOKEN}\n")
    for code, words, options, environment in (
        (3, "no token for GitHub is set", (), github),
        (1, "GitHub does not accept this token", (), {**github, "GITHUB_TOKEN": WRONG_TOKEN}),
        (1, "GitHub does not accept this token", ("--token-file", str(file)), {}),
        (3, "cannot be read", ("--token-file", "no-such-file"), {}),
        (3, "GITHUB_TOKEN holds no token", (), {**github, "GITHUB_TOKEN": f"{WRONG_TOKEN} x"}),
        (1, "repository permission Administration (write)", (), {**github, "GH_TOKEN": right}),
        (1, f"the token cannot read the repository {REPOSITORY}", (), {**github, "GH_TOKEN": blind}),
        (1, "does not answer", (), {"GITHUB_API_URL": closed, "GITHUB_TOKEN": WRONG_TOKEN}),
        (4, "was approved; nothing was changed", ("--approve", "000000000000"), {}),
        (3, "leave out one of the two", ("--approve", "000000000000", "--check"), {}),
    ):
        said = world.sync(*options, code=code, **environment)
        assert words in said, said
        assert "fix: " in said
    assert world.written() == []


def test_all_of_it_is_set_once(world: World) -> None:
    assert world.document("--check", code=2)["written"] is False
    said = world.sync()
    assert "GitHub is equal to the manifests." in said
    writes = world.written()
    assert writes[:3] == ["put-environment", "add-branch develop", "add-branch main"]
    assert writes[-1] == "create-variable DEPLOYER_RECORD"
    variables = world.variables()
    arn = "arn:aws:ssm:us-west-2:000000000000:parameter/app-runtime/ansari-whatsapp/local/"
    assert variables["SSM_ROOT"] == arn
    assert variables["AWS_ROLE_ARN"] == "arn:aws:iam::000000000000:role/deploys"
    assert (variables["AWS_REGION"], variables["SERVICE_NAME"]) == ("us-west-2", "ansari-local-whatsapp")
    assert (variables["LOGGING_LEVEL"], variables["ALWAYS_RETURN_OK_TO_META"]) == ("DEBUG", "true")
    assert world.secrets() == SECRETS == aws.secret_values(world.checkout)
    branches = world.client.get(f"{world.environment}/deployment-branch-policies").json()["branch_policies"]
    assert [one["name"] for one in branches] == ["develop", "main"]
    assert "nothing to do" in world.sync()
    assert world.written() == []


def test_jobs_that_only_look_have_an_environment_without_secrets(world: World) -> None:
    """Every branch may use it, and all that it names is a role that changes nothing."""
    of_plans = f"{world.environment}-plan"
    assert world.client.get(of_plans).json()["deployment_branch_policy"] is None
    found = {one["name"]: one["value"] for one in world.client.get(f"{of_plans}/variables").json()["variables"]}
    record = json.loads(found.pop("DEPLOYER_RECORD"))
    assert found == {"AWS_ROLE_ARN": "arn:aws:iam::000000000000:role/deploys-plan"}
    assert (record["variables"], record["secrets"]) == (["AWS_ROLE_ARN"], {})
    assert world.client.get(f"{of_plans}/secrets").json()["secrets"] == []
    world.client.patch(f"{of_plans}/variables/AWS_ROLE_ARN", json={"value": "arn:aws:iam::000000000000:role/deploys"})
    world.sync("--check", "--json", code=2)
    told = json.loads(world.data)
    assert [(one["environment"], len(one["changes"])) for one in told] == [("local", 0), ("local-plan", 1)]
    world.sync()
    assert world.written()[-1:] == ["update-variable AWS_ROLE_ARN"]


def test_the_json_is_what_the_schema_says(world: World) -> None:
    schema = json.loads(world.run("schema", "github-sync"))
    world.sync("--check", "--json")
    jsonschema.validate(json.loads(world.data), schema)


def test_a_secret_is_sent_again_for_a_reason(world: World) -> None:
    name = f"{aws.PATH}/meta-app-secret"
    aws.ssm(world.checkout).put_parameter(Name=name, Value=NEWER, Type="SecureString", Overwrite=True)
    [change, record] = world.document("--check", code=2)["changes"]
    assert (change["kind"], change["symbol"], change["name"]) == ("secret", "~", "META_APP_SECRET")
    assert change["reason"] == "sent again: SSM has version 2, GitHub was sent version 1"
    assert record["kind"] == "record"
    world.sync()
    assert world.secrets()["meta-app-secret"] == NEWER
    assert world.written() == ["put-secret META_APP_SECRET", "update-variable DEPLOYER_RECORD"]


def test_what_people_have_set_stays(world: World) -> None:
    body = {
        "wait_timer": 30,
        "prevent_self_review": True,
        "reviewers": [{"type": "User", "id": 7}],
        "deployment_branch_policy": None,
    }
    world.client.put(world.environment, json=body)
    world.client.post(f"{world.environment}/variables", json={"name": "THEIRS", "value": "x"})
    world.client.patch(f"{world.environment}/variables/LOGGING_LEVEL", json={"value": "INFO"})
    world.written()
    said = world.sync()
    assert "every branch may deploy it" in said
    assert "THEIRS" in said
    rules = world.client.get(world.environment).json()["protection_rules"]
    assert [rule["type"] for rule in rules] == ["wait_timer", "required_reviewers", "branch_policy"]
    assert (rules[1]["prevent_self_review"], rules[1]["reviewers"][0]["reviewer"]["id"]) == (True, 7)
    assert (world.variables()["THEIRS"], world.variables()["LOGGING_LEVEL"]) == ("x", "DEBUG")
    assert "nothing to do" in world.sync()


def test_a_variable_that_the_manifest_gives_up_is_removed(world: World) -> None:
    world.checkout.edit("\n  logging-level:", "\n  tries: {kind: literal, value: 7}\n  logging-level:")
    world.sync()
    assert world.variables()["TRIES"] == "7"
    world.checkout.git("checkout", "--quiet", ".")
    assert "manifest no longer asks for it" in world.sync()
    assert "TRIES" not in world.variables()


def test_half_of_it_says_which_half(world: World) -> None:
    world.client.delete(f"{world.environment}/variables/ORIGINS")
    world.client.delete(f"{world.environment}/secrets/META_APP_SECRET")
    world.client.delete(f"{world.environment}/secrets/META_WEBHOOK_VERIFY_TOKEN")
    world.faults(fail={"status": 422, "call": "put-secret", "item": "META_WEBHOOK_VERIFY_TOKEN", "message": "no"})
    said = world.sync(code=6)
    assert "written: variable ORIGINS, secret META_APP_SECRET\n" in said
    assert "not written, or unknown: secret META_WEBHOOK_VERIFY_TOKEN, record DEPLOYER_RECORD\n" in said
    assert "the same deployer ci github-sync continues from there" in said
    world.faults()
    world.sync()
    assert world.secrets()["meta-webhook-verify-token"] == SECRETS["meta-webhook-verify-token"]
    assert "nothing to do" in world.sync()


def test_a_key_that_is_none_sends_nothing(world: World) -> None:
    world.client.delete(f"{world.environment}/secrets/META_APP_SECRET")
    world.faults(wrong_key={"call": "get-public-key"})
    assert "an invalid public key" in world.sync(code=1)
    assert "meta-app-secret" not in world.secrets()
    world.faults()
    world.sync()


def test_a_limit_is_waited_for_when_it_is_short(world: World) -> None:
    world.faults(limit={"retry_after": 1, "times": 1, "call": "list-variables"})
    assert "GitHub asks to wait 1 s" in world.sync("--check")
    world.faults(limit={"status": 429, "retry_after": 3600})
    assert "it asks to wait 3600 s" in world.sync("--check", code=1)
    world.faults(fail={"status": 502, "times": 1, "call": "list-secrets"})
    world.sync("--check")
    world.faults(fail={"status": 404, "call": "list-secrets"})
    assert "repository permission Environments (read)" in world.sync("--check", code=1)
    world.faults(fail={"status": 301, "call": "get-repository"})
    assert "was renamed" in world.sync("--check", code=1)
    world.faults()


def test_a_repository_that_is_not_there(world: World) -> None:
    other = world.checkout.root / "env" / "other.yaml"
    text = world.checkout.manifest.read_text()
    own = text.replace("environment: local\n", "environment: other\n").replace("whatsapp/local\n", "whatsapp/other\n")
    other.write_text(own.replace("ansari-local-whatsapp", "ansari-other-whatsapp"))
    strange = {"GITHUB_API_URL": world.github, "GITHUB_TOKEN": world.token}
    other.write_text(
        other.read_text().replace("  branch: develop", "  branch: develop\n  ids: {owner: 1, repository: 2}")
    )
    assert "another repository than github.ids names" in world.run("ci", "github-sync", "other", code=3, **strange)
    other.write_text(text.replace(f"\ngithub:\n  repository: {REPOSITORY}", "\nold:\n  repository: x/y"))
    assert "error: " in world.run("ci", "github-sync", "other", code=3)
    other.unlink()
    world.checkout.edit(SECTION.removesuffix("\nvariables:"), "")
    assert "names no repository" in world.sync("--check", code=3)
    world.checkout.git("checkout", "--quiet", ".")
    assert "was named twice" in world.run("ci", "github-sync", "local", "local", code=3)


def test_what_protects_an_environment_protects_its_settings(world: World) -> None:
    world.client.delete(f"{world.environment}/variables/ORIGINS")
    world.checkout.edit("protect: {confirm: false", "protect: {confirm: true")
    world.checkout.edit("clean_tree: false}", "clean_tree: true}")
    assert "takes committed changes only" in world.sync(code=4)
    world.checkout.git("commit", "--all", "--quiet", "--message", "local asks")
    said = world.sync(code=4)
    assert "needs a confirmation before anything is changed" in said
    mark = said.rpartition("--approve ")[2].strip()
    world.checkout.git("switch", "--quiet", "--create", "aside")
    assert "local is deployed from develop or main, and this is aside" in world.sync("--approve", mark, code=4)
    world.checkout.git("switch", "--quiet", "develop")
    command = [sys.executable, "-m", "deployer", "ci", "github-sync", "local"]
    code, shown = on_terminal(command, world.checkout.root, ("[local]: ", "no"))
    assert code == 4, shown
    world.written()
    world.sync("--approve", mark)
    assert world.written()[0] == "create-variable ORIGINS"
    of_images = world.client.get(f"{world.environment}-image/variables").json()["variables"]  # confirm asks for it
    assert {one["name"] for one in of_images} == {"AWS_ROLE_ARN", "DEPLOYER_RECORD"}
    policy = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
    world.client.put(world.environment, json=policy)
    assert "reviewers" in world.sync("--check", code=2)
    assert "this plan was not approved for" in world.run("ci", "consent", "local", code=4)
    token = {"GITHUB_TOKEN": world.token}
    world.run("verify", "local", "--json", code=0, **token)
    assert "reviewers local: protect.confirm needs required reviewers" in world.data
    assert re.search(r"problem +reviewers", world.run("doctor", "local", code=3, **token))
    assert re.search(r"not checked +reviewers +GITHUB_TOKEN is not set", world.run("doctor", "local"))
    blind = world.limited_token(environments="write", variables="write", secrets="write")
    world.run("ci", "consent", "local", code=1, GITHUB_API_URL=world.github, GITHUB_TOKEN=blind)
    world.client.put(world.environment, json={**policy, "reviewers": [{"type": "User", "id": 7}]})
    assert "GitHub asks the reviewers of local" in world.run("ci", "consent", "local")
    assert "reviewers" not in world.sync("--check")
    world.client.put(world.environment, json=policy)
    world.checkout.git("reset", "--quiet", "--hard", "HEAD~1")


def test_verify_says_where_the_three_places_disagree(world: World) -> None:
    literal, secret = "LOGGING_LEVEL=sentinel-in-a-literal", f"META_APP_SECRET={NEWER}-not"
    dotenv = world.checkout.root / ".env"
    dotenv.write_text(f"{literal}\n{secret}\nSTRANGE={NEWER}\n{NEWER}\n")
    world.client.patch(f"{world.environment}/variables/ORIGINS", json={"value": "elsewhere"})
    world.client.delete(f"{world.environment}-plan/variables/AWS_ROLE_ARN")
    token = {"GITHUB_TOKEN": world.token}
    world.run("verify", "local", "--json", "--decrypt", code=0, stdin="", **token)
    notes = json.loads(world.data)["disagreements"]
    told = [note["what"] for note in notes]
    assert ".env:4: this line is not NAME=value" in told
    assert ".env has what the manifest does not name: STRANGE" in told
    assert ".env has another value than the manifest: LOGGING_LEVEL" in told
    assert ".env has another secret than SSM: META_APP_SECRET" in told
    assert any(line.startswith(".env lacks: BACKEND_SERVER_URL, ") for line in told)
    assert "GitHub variable ORIGINS: GitHub has another value" in told
    assert "GitHub's local-plan lacks: variable AWS_ROLE_ARN" in told
    [origins] = [note for note in notes if note["kind"] == "GitHubDiffers"]
    assert (origins["details"]["change"]["name"], origins["fix"]) == ("ORIGINS", "deployer ci github-sync local")
    [line] = [note for note in notes if note["kind"] == "UnreadableLine"]
    assert line["details"] == {"number": 4, "problem": "no-binding"}
    [other] = [note for note in notes if note["details"].get("difference") == "other-secret"]
    assert (other["kind"], other["details"]["names"]) == ("DotenvDifference", ["META_APP_SECRET"])
    said = world.run("verify", "local", code=0, stdin="", **token)
    assert "note: GitHub is set by: deployer ci github-sync local\n" in said
    said = world.run("verify", "local")
    assert "note: .env lacks: " in said
    assert "not checked: GitHub's variables and secrets: set GITHUB_TOKEN" in said
    assert "another secret than SSM" not in said
    bad = {"GITHUB_TOKEN": WRONG_TOKEN, "GITHUB_API_URL": world.github}
    assert "GitHub does not accept this token" in world.run("verify", "local", code=0, stdin="", **bad)
    dotenv.unlink()
    world.sync()


def test_no_secret_and_no_token_was_shown(world: World) -> None:
    sentinels = [*SECRETS.values(), NEWER, WRONG_TOKEN, world.token, "sentinel-in-a-literal"]
    texts = list(world.shown)
    texts += [p.read_text(errors="replace") for p in (world.checkout.root / ".deployer").rglob("*.log")]
    texts += [_text(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert any("xx" + REPOSITORY in "xx" + text for text in texts)
    assert [secret for secret in sentinels for text in texts if secret[2:-2] in text] == []
    assert world.variables().keys().isdisjoint({name.upper().replace("-", "_") for name in SECRETS})


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
