"""AWS and GitHub repeat secrets in their errors, in every spelling: no surface of any command holds one.

Which operations of AWS carry a secret is read from botocore's models. A new one fails here until `ECHOED` says which
commands make it, or `ELSEWHERE` why none is run here.
"""

from __future__ import annotations

import base64
import html
import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import botocore.session
import httpx
import pytest

from deployer.core.policies.rights import CALLS
from deployer.resources.registry import CALLS as OF_KINDS
from deployer.targets.apprunner.rights import CALLS as OF_TARGET
from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, write_second
from tests.loopback import NO_TLS
from tests.ready import deployer
from tests.terminal import on_terminal

pytestmark = pytest.mark.timeout(600)
TOKEN = "EAA" + "SentinelOfMetasTokenShape0123456789"  # known by its shape, also where nobody has read it
SECRETS = {
    "whatsapp-service-api-key": 'sentinel-api-key-"quoted"-\\back',
    "meta-business-phone-number-id": "987654321098765",
    "meta-access-token-from-sys-user": TOKEN,
    "meta-app-secret": "sentinel-app-secret-'single'&<html>",
    "meta-webhook-verify-token": "sentinel-verify-token/%41+more=",
}
NEWER = "sentinel-of-the-next-version-$HOME"
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    json.dumps,
    repr,
    html.escape,
    shlex.quote,
    lambda text: quote(text, safe=""),
    quote_plus,
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.b64encode(f"AWS:{text}".encode()).decode(),
)
EVERYTHING = (*SECRETS.values(), NEWER)
GITHUB = """
github:
  repository: some-team/some-app
  branch: main
  credentials: {kind: oidc, role: deploys, managed: true}

variables:"""


@dataclass(frozen=True)
class Case:
    """A command and the call at which AWS answers with an error, after some that it did.

    `knows` are the secrets that the command has read or made when that happens: they are repeated in every spelling.
    One that no process has read is recognised by its shape alone.
    """

    words: str
    after: int = 0
    knows: tuple[str, ...] = ()
    stdin: str = ""
    code: str = "ValidationException"


SET = Case("secret set local meta-app-secret", knows=(NEWER,), stdin=NEWER)
ROTATE = Case("secret rotate local meta-app-secret", knows=(NEWER, SECRETS["meta-app-secret"]), stdin=NEWER)
IMPORT = Case("secret import local new.env", knows=(NEWER,))
VERIFY = Case("verify local --decrypt")
EXPORT = Case("export local --secrets --out out.env")
RECONCILE = Case("reconcile local", knows=tuple(SECRETS.values()))  # once it has examined the secrets
AGAIN = Case("reconcile local", knows=tuple(SECRETS.values()), after=1)  # under the lock, after it has
FIRST = Case("reconcile local")
ROLLBACK = Case("rollback local --to 1 --with-secrets")
LOOKS = tuple(map(Case, ("status local", "drift local", "plan local --out plan.json")))
LOGS = Case("logs local")
ADOPT = Case("adopt found --service ansari-local-whatsapp --endpoint ENDPOINT")
DESTROY = Case("destroy local --approve ansari-local-whatsapp")

ECHOED: dict[str, tuple[Case, ...]] = {
    "ssm:PutParameter": (
        SET,
        Case("secret set local meta-app-secret", knows=(NEWER,), stdin=NEWER, code="AccessDeniedException"),
        ROTATE,
        IMPORT,
        Case("secret rotate local meta-webhook-verify-token"),
        RECONCILE,
        Case("hold local --reason incident"),
        ROLLBACK,
        Case("secret generate local metrics-token"),  # the last, because its older versions are deleted for it
    ),
    "ssm:GetParameters": (
        Case(SET.words, after=1, knows=(NEWER,), stdin=NEWER),
        Case(ROTATE.words, after=2, knows=(NEWER,), stdin=NEWER),
        Case(IMPORT.words, after=1, knows=(NEWER,)),
        VERIFY,
        EXPORT,
        FIRST,
        ROLLBACK,
        Case("diff local second --secrets"),
        Case("ci github-sync local"),
        *LOOKS,
        LOGS,
        ADOPT,
        DESTROY,
    ),
    "ssm:GetParameter": (RECONCILE, ROLLBACK),
    "ssm:GetParameterHistory": (*LOOKS, FIRST, AGAIN, ROLLBACK, Case("releases local"), Case("secret list local")),
    "apprunner:CreateService": (Case("reconcile second"),),
    "apprunner:UpdateService": (RECONCILE, ROLLBACK),
    "apprunner:DescribeService": (*LOOKS, LOGS, FIRST, AGAIN, ADOPT, DESTROY, Case("pause local")),
    "apprunner:DeleteService": (DESTROY,),
    "apprunner:PauseService": (Case("pause local"),),
    "apprunner:ResumeService": (Case("resume local"),),
    "logs:FilterLogEvents": (LOGS, RECONCILE),
}
ELSEWHERE = {"ecr:GetAuthorizationToken": "tests/image/test_verbs.py: the password of a login"}
UNMARKED = {  # botocore's models do not say that these carry a secret
    "logs:FilterLogEvents": "lines of a service that prints what it holds",
    "ecr:GetAuthorizationToken": "the password of the registry",
}


def sensitive(shape: Any, above: tuple[str, ...] = ()) -> bool:
    """Whether the model marks a part of the shape as sensitive."""
    if shape is None or shape.name in above:
        return False
    if shape.metadata.get("sensitive"):
        return True
    inside = {
        "structure": list(getattr(shape, "members", {}).values()),
        "list": [getattr(shape, "member", None)],
        "map": [getattr(shape, "key", None), getattr(shape, "value", None)],
    }.get(shape.type_name, [])
    return any(sensitive(one, (*above, shape.name)) for one in inside)


def carry_secrets() -> Iterator[str]:
    """The calls of the deployer whose request or answer holds what the model marks as sensitive."""
    session = botocore.session.get_session()
    for call in (*CALLS, *OF_KINDS, *OF_TARGET):
        service, _, name = call.partition(":")
        operation = session.get_service_model(service).operation_model(name)
        if sensitive(operation.input_shape) or sensitive(operation.output_shape):
            yield call


def test_of_every_call_that_carries_a_secret_it_is_decided_what_its_error_may_show() -> None:
    assert {*carry_secrets(), *UNMARKED} == {*ECHOED, *ELSEWHERE}


@dataclass
class Surfaces:
    """Everything a command of this checkout has shown, written, or started with."""

    checkout: Checkout
    texts: dict[str, str] = field(default_factory=dict)

    def run(self, case: Case, **environment: str) -> int:
        words = case.words.replace("ENDPOINT", self.checkout.endpoint).split()
        ended = threading.Event()
        watch = threading.Thread(target=self._watch, args=(ended,))
        watch.start()
        done = deployer(self.checkout.root, *words, stdin=case.stdin, environment={**os.environ, **environment})
        ended.set()
        watch.join()
        self.texts["stdout"], self.texts["stderr"] = done.stdout, done.stderr
        return done.returncode

    def _watch(self, ended: threading.Event) -> None:
        """The command lines of all processes while a command runs."""
        while not ended.wait(0.1):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.texts[f"{process}"] = process.read_text(errors="replace")
                except OSError:
                    continue

    def collect(self) -> None:
        """What a command leaves behind: in AWS beside the secrets themselves, and in the checkout."""
        root = self.checkout.root
        ssm, runner = aws.ssm(self.checkout), aws.apprunner(self.checkout)
        for page in ssm.get_paginator("get_parameters_by_path").paginate(Path="/app-deployer", Recursive=True):
            for parameter in page["Parameters"]:
                self.texts[parameter["Name"]] = parameter["Value"]
        for described in ssm.get_paginator("describe_parameters").paginate():
            for one in described["Parameters"]:
                tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=one["Name"])["TagList"]
                self.texts[f"tags of {one['Name']}"] = json.dumps(tags) + one.get("Description", "")
        for service in runner.list_services()["ServiceSummaryList"]:
            arn = service["ServiceArn"]
            self.texts[arn] = json.dumps(runner.describe_service(ServiceArn=arn)["Service"], default=str)
            self.texts[f"tags of {arn}"] = json.dumps(runner.list_tags_for_resource(ResourceArn=arn)["Tags"])
        given = {root / "new.env", root / "out.env"}
        for path in [*(root / ".deployer").rglob("*"), *(root / "env").glob("*"), *root.glob("*")]:
            if path.is_file() and path not in given:
                self.texts[str(path)] = path.read_text(errors="replace")
        for words in (("diff", "HEAD"), ("log", "--all", "--oneline"), ("status", "--short")):
            git = ["git", "-C", str(root), *words]
            self.texts[" ".join(words)] = subprocess.run(git, capture_output=True, text=True, check=True).stdout

    def leaks(self, secrets: tuple[str, ...]) -> list[str]:
        """Where which secret can be read, in any spelling, also without its first and last letters."""
        inner = {spell(secret)[3:-3] for secret in secrets for spell in SPELLINGS}
        return [f"{place}: {text}" for place, shown in self.texts.items() for text in inner if text in shown]


@pytest.fixture(scope="module")
def surfaces(checkout: Checkout) -> Surfaces:
    checkout.edit("\nvariables:", GITHUB)
    checkout.edit("  logging-level:", "  metrics-token: {kind: secret, generate: 32}\n  logging-level:")
    write_second(checkout, "environment: second", "environment: second")
    tiny.commit(checkout)
    for name, value in SECRETS.items():
        aws.ssm(checkout).put_parameter(Name=f"{aws.PATH}/{name}", Value=value, Type="SecureString")
    assert checkout.deployer("reconcile", "local").returncode == 0
    (checkout.root / "new.env").write_text(f"META_APP_SECRET='{NEWER}'\n")
    return Surfaces(checkout)


@pytest.mark.parametrize("call", sorted(ECHOED))
def test_no_surface_holds_what_aws_repeats(surfaces: Surfaces, call: str) -> None:
    found: list[str] = []
    for number, case in enumerate(ECHOED[call]):
        with prepared(surfaces.checkout, case) as ready:
            surfaces.texts.clear()
            message = repeats(case)
            put(surfaces, {"refuse": {"call": call, "code": case.code, "message": message, "after": case.after}})
            code = surfaces.run(ready, **({"DEPLOYER_TRACEBACK": "1"} if number % 2 else {}))
            struck = put(surfaces, {})
        shown = surfaces.texts["stdout"] + surfaces.texts["stderr"]
        surfaces.collect()
        if leaks := surfaces.leaks(EVERYTHING):
            found.append("\n".join([case.words, *leaks, shown]))
        if not struck:
            found.append(f"{case.words} did not come to {call}\n{shown}")
        elif code and "<secret>" not in shown and "not shown" not in shown:
            found.append(f"{case.words} shows nothing of the message\n{shown}")
    assert not found, "\n\n".join(found)


@contextmanager
def prepared(checkout: Checkout, case: Case) -> Iterator[Case]:
    """The case when there is something to do for its command; afterwards the service runs what the manifest says."""
    manifest, verb = checkout.manifest.read_text(), case.words.partition(" ")[0]
    if verb in {"reconcile", "rollback"}:
        checkout.manifest.write_text(manifest.replace("value: DEBUG}", "value: INFO}"))
    if verb == "rollback":
        assert checkout.deployer("reconcile", "local").returncode == 0
    if verb == "resume":
        assert checkout.deployer("pause", "local").returncode == 0
    if case.words.startswith("secret generate"):
        aws.ssm(checkout).delete_parameter(Name=f"{aws.PATH}/metrics-token")
    try:
        yield approved(checkout, case) if verb == "rollback" else case
    finally:
        checkout.manifest.write_text(manifest)
        if verb in {"reconcile", "rollback", "resume", "hold"} or "generate" in case.words:
            restore(checkout)


def put(surfaces: Surfaces, document: dict[str, Any]) -> int:
    """Replace the switches. Returns how often the one before struck."""
    address, bearer = f"{surfaces.checkout.endpoint}/_local/faults", surfaces.checkout.keys.bearer
    before = loopback.get(address, headers=bearer).json()["faults"].get("refuse", [{"struck": 0}])
    answer = loopback.put(address, json=document, headers=bearer)
    assert answer.status_code == 200, answer.text
    return int(before[0]["struck"])


def repeats(case: Case) -> str:
    """An error that repeats what the command knows in every spelling, and a token of Meta that it may not know."""
    spelled = "\n".join(f"Value '{spell(secret)}' is wrong" for secret in case.knows for spell in SPELLINGS)
    return f"1 validation error detected: Value '{TOKEN}' at 'value' and \"{TOKEN}\"\n{spelled}"


def approved(checkout: Checkout, case: Case) -> Case:
    words = case.words.split()[2:]
    planned = json.loads(checkout.deployer("plan", "local", "--rollback", *words, "--json").stdout)
    return Case(f"{case.words} --approve {planned['fingerprint']}", case.after, case.knows, code=case.code)


def restore(checkout: Checkout) -> None:
    """Let the next case begin with a service that runs what the manifest says."""
    held = json.loads(checkout.deployer("hold", "local", "--json").stdout)
    checkout.deployer("resume", "local", *(("--approve", held["id"]) if held else ()))
    done = checkout.deployer("reconcile", "local", "--retry")
    assert done.returncode == 0, done.stderr


def test_a_refused_value_of_several_lines_is_not_shown_line_by_line(surfaces: Surfaces) -> None:
    lines = ("sentinel-of-the-first-line", "sentinel-of-the-second-line")
    surfaces.texts.clear()
    assert surfaces.run(Case("secret set local meta-app-secret", stdin="\n".join(lines))) == 3
    assert surfaces.leaks(lines) == []


def test_a_refused_look_at_a_secret_shows_nothing_of_it(surfaces: Surfaces) -> None:
    command = [sys.executable, "-m", "deployer", "secret", "show", "local", "meta-access-token-from-sys-user"]
    refuse = {"call": "ssm:GetParameters", "after": 1, "message": repeats(EXPORT)}
    put(surfaces, {"refuse": refuse})
    code, shown = on_terminal(command, surfaces.checkout.root, ("[y/N] ", "y"))
    assert put(surfaces, {}) == 1
    assert code == 1
    assert TOKEN[3:-3] not in shown
    assert "<secret>" in shown


class TestGitHub:
    """Each call of a synchronisation fails with a message that repeats all that the command knows."""

    @pytest.mark.parametrize(
        "fault",
        [
            *({"fail": {"call": call, "status": 422}} for call in ("get-repository", "get-environment")),
            {"fail": {"call": "put-environment", "status": 500}},  # before the next one makes it
            *({"fail": {"call": call, "status": 403}} for call in ("create-variable", "get-public-key")),
            # That many secrets were read and sealed before the last one is sent.
            *({"fail": {"call": "put-secret", "status": status, "after": len(SECRETS)}} for status in (422, 404, 500)),
            {"wrong_key": {"call": "get-public-key"}},
        ],
        ids=str,
    )
    def test_no_surface_holds_what_github_repeats(self, surfaces: Surfaces, fault: dict[str, Any]) -> None:
        github = f"{surfaces.checkout.endpoint}/_local/github"
        bearer = surfaces.checkout.keys.bearer
        handed = loopback.get(f"{surfaces.checkout.endpoint}/_local/secrets/github-token", headers=bearer)
        token = handed.json()["value"]
        client = httpx.Client(verify=NO_TLS, headers={"Authorization": f"Bearer {token}"})
        environment = f"{github}/repos/some-team/some-app/environments/local"
        for kind in ("variables", "secrets"):
            for item in client.get(f"{environment}/{kind}", params={"per_page": 30}).json().get(kind, []):
                client.delete(f"{environment}/{kind}/{item['name']}")
        for rule in fault.values():
            knows = (token, *(SECRETS.values() if rule.get("after") else ()))
            if "status" in rule:
                rule["message"] = "\n".join(spell(secret) for secret in knows for spell in SPELLINGS)
        assert client.put(f"{github}/_control/faults", json=fault, headers=bearer).status_code == 200
        surfaces.texts.clear()
        code = surfaces.run(Case("ci github-sync local --json"), GITHUB_API_URL=github, GITHUB_TOKEN=token)
        [rules] = client.get(f"{github}/_control/faults", headers=bearer).json()["faults"].values()
        client.put(f"{github}/_control/faults", json={}, headers=bearer)
        shown = surfaces.texts["stdout"] + surfaces.texts["stderr"]
        assert rules[0]["struck"], shown
        assert code in {1, 6}, shown
        surfaces.collect()
        assert surfaces.leaks((token, *EVERYTHING)) == [], shown
        assert "<secret>" in shown or "wrong_key" in fault, shown
