"""One local world for many environments, each used once and then cleared away."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployer.core.policies.documents import policy_name
from tests import loopback
from tests.e2e import aws
from tests.e2e.checkout import Checkout
from tests.ports import free_port
from tests.ready import deployer
from tests.torture.gate import Gate, Rule

GENERATED = ("meta-webhook-verify-token", "inbox-key")
DEPLOYMENTS = {"CREATE_SERVICE", "UPDATE_SERVICE", "START_DEPLOYMENT"}
numbers = itertools.count(1)


@dataclass(frozen=True)
class Done:
    """`code` is the exit code, or the negative number of the signal that ended it."""

    code: int
    said: str


@dataclass
class World:
    """A checkout with a running world, and the gates before its AWS."""

    checkout: Checkout
    gate: Gate
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, by: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + by

    @contextmanager
    def environment(self) -> Iterator[Environment]:
        """A new environment, whose service is deleted at the end."""
        name = f"case{next(numbers)}"
        made = Environment(self, name, free_port())
        made.write(self.gate)
        try:
            yield made
        finally:
            made.clear()


@dataclass
class Environment:
    """One environment of its own in the shared world."""

    world: World
    name: str
    port: int

    @property
    def root(self) -> str:
        return f"/app-runtime/ansari-whatsapp/{self.name}"

    @property
    def ledger(self) -> str:
        return f"/app-deployer/ansari-whatsapp/{self.name}"

    @property
    def service(self) -> str:
        return f"service-{self.name}"

    def write(self, gate: Gate) -> None:
        """Its manifest: that of `local`, with names and a port of its own, and its AWS behind the gate."""
        checkout = self.world.checkout
        text = checkout.manifest.read_text()
        for old, new in {
            "environment: local\n": f"environment: {self.name}\n",
            "whatsapp/local\n": f"whatsapp/{self.name}\n",
            "ansari-local-whatsapp": self.service,
            "repository: ansari-whatsapp": f"repository: repository-{self.name}",
            "CustomAppRunnerServiceRole": f"Access-{self.name}",
            "CustomAppRunnerInstanceRole": f"Instance-{self.name}",
            f"port: {checkout.ports['8001']} ": f"port: {self.port} ",
            f"endpoint: {checkout.endpoint} ": f"endpoint: http://127.0.0.1:{gate.port} ",
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        self._manifest.write_text(text)
        checkout.share_keys(gate.port)

    @property
    def _manifest(self) -> Path:
        return self.world.checkout.root / "env" / f"{self.name}.yaml"

    def manifest(self) -> str:
        return self._manifest.read_text()

    def edit(self, old: str, new: str) -> None:
        text = self._manifest.read_text()
        assert text.count(old) == 1, old
        self._manifest.write_text(text.replace(old, new))

    def run(self, *words: str, stdin: str = "", rule: Rule | None = None) -> Done:
        """A command; ENV stands for this environment's name. The gate watches it alone."""
        gate = self.world.gate
        gate.watch(rule)

        def started(pid: int) -> None:
            gate.victim = pid

        arguments = [self.name if word == "ENV" else word for word in words]
        ended = deployer(self.world.checkout.root, *arguments, stdin=stdin, started=started)
        done = Done(ended.returncode, ended.stdout + ended.stderr)
        assert "Traceback" not in done.said, done.said
        return done

    def must(self, *words: str, stdin: str = "") -> str:
        done = self.run(*words, stdin=stdin)
        assert done.code == 0, done.said
        return done.said

    def roll_back(self, *options: str, rule: Rule | None = None) -> Done:
        """Without a terminal a rollback shows its plan and is refused; then approve exactly that plan."""
        shown = self.run("rollback", "ENV", *options)
        approval = re.search(r" --approve ([0-9a-f]{12})$", shown.said, re.MULTILINE)
        if approval is None:
            return shown
        return self.run("rollback", "ENV", *options, "--approve", approval[1], rule=rule)

    def resume(self) -> None:
        """Lift the hold, if there is one, and start a paused service with what it ran before."""
        found = self.parameters(self.ledger).get("hold")
        words = ["--approve", json.loads(found["Value"])["id"]] if found else []
        if found or self.status() == "PAUSED":
            done = self.run("resume", "ENV", *words, "--old-release-first")
            if done.code in {5, 6} and self.status() == "PAUSED":  # it told the end of what a crashed run had begun
                done = self.run("resume", "ENV", *words, "--old-release-first")
            assert done.code == 0, done.said

    def hold_kind(self) -> str | None:
        """Why deployments are stopped, as the ledger names it; None when they are not."""
        hold = self.parameters(self.ledger).get("hold")
        return str(json.loads(hold["Value"])["kind"]) if hold else None

    def status(self) -> str | None:
        """The service's status once no operation is under way; None when there is no service."""
        arn = self.arn()
        while arn is not None:
            status = aws.apprunner(self.world.checkout).describe_service(ServiceArn=arn)["Service"]["Status"]
            if status != "OPERATION_IN_PROGRESS":
                return status
            time.sleep(0.1)
        return None

    def held(self) -> dict[str, str]:
        """What the running container holds; of a paused service only the release that it ran last."""
        if self.status() == "PAUSED":
            return {
                "APP_RELEASE": self._described()["SourceConfiguration"]["ImageRepository"]["ImageConfiguration"][
                    "RuntimeEnvironmentVariables"
                ]["APP_RELEASE"]
            }
        found: dict[str, str] = loopback.get(f"http://127.0.0.1:{self.port}").json()
        return found

    def _described(self) -> dict[str, Any]:
        """The service as App Runner describes it; empty when there is none."""
        arn = self.arn()
        if arn is None:
            return {}
        return dict(aws.apprunner(self.world.checkout).describe_service(ServiceArn=arn)["Service"])

    @property
    def table(self) -> str:
        return f"inbox-{self.name}"

    def declare_inbox(self) -> None:
        """Write `inbox` into the manifest: a table with deletion protection. Its key is generated."""
        section = f"inbox: {{kind: dynamodb, table: {self.table}, deletion_protection: true}}"
        self.edit("\nprotect:", f"\n{section}\nprotect:")
        self.edit("\nvariables:\n", f"\nvariables:\n  {GENERATED[1]}: {{kind: secret, generate: 32}}\n")

    def _inbox(self) -> dict[str, Any] | None:
        """The table of the inbox, None when there is none."""
        dynamodb = aws.client(self.world.checkout, "dynamodb")
        if self.table not in dynamodb.list_tables()["TableNames"]:
            return None
        table = dynamodb.describe_table(TableName=self.table)["Table"]
        recovery = dynamodb.describe_continuous_backups(TableName=self.table)["ContinuousBackupsDescription"]
        return {
            **{key: table[key] for key in ("TableStatus", "KeySchema", "DeletionProtectionEnabled")},
            "stream": "StreamSpecification" in table,
            "expiry": dynamodb.describe_time_to_live(TableName=self.table)["TimeToLiveDescription"],
            "recovery": recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
            "tags": dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"],
        }

    def declare_pause(self, *, paused: bool) -> None:
        """Write `service.paused: true` into the manifest, or remove it."""
        key = "  on_unhealthy: rollback\n"
        declared = f"{key}  paused: true\n"
        self.edit(*((key, declared) if paused else (declared, key)))

    def tags(self) -> dict[str, str]:
        """The tags of the service."""
        arn = self.arn()
        found = aws.apprunner(self.world.checkout).list_tags_for_resource(ResourceArn=arn)["Tags"] if arn else []
        return {tag["Key"]: tag["Value"] for tag in found}

    def parameters(self, path: str) -> dict[str, dict[str, Any]]:
        """Every parameter below a path, decrypted, by its last name."""
        pages = aws.ssm(self.world.checkout).get_paginator("get_parameters_by_path")
        found = pages.paginate(Path=path, Recursive=True, WithDecryption=True)
        return {p["Name"].rpartition("/")[2]: dict(p) for page in found for p in page["Parameters"]}

    def values(self) -> set[str]:
        """Every value that SSM still has of this environment's parameters, by name, in any version."""
        ssm, found = aws.ssm(self.world.checkout), set[str]()
        for path in (self.root, f"{self.ledger}/replaced"):
            for name in self.parameters(path):
                history = ssm.get_parameter_history(Name=f"{path}/{name}", WithDecryption=True)["Parameters"]
                found |= {f"{name}={version['Value']}" for version in history}
        return found

    def arn(self) -> str | None:
        runner = aws.apprunner(self.world.checkout)
        token: dict[str, Any] = {}
        while True:
            page = runner.list_services(**token)
            for summary in page["ServiceSummaryList"]:
                if summary["ServiceName"] == self.service and summary["Status"] != "DELETED":
                    return summary["ServiceArn"]
            if not page.get("NextToken"):
                return None
            token = {"NextToken": page["NextToken"]}

    def deployments(self) -> list[str]:
        """What was deployed and how it ended, oldest first."""
        arn = self.arn()
        if arn is None:
            return []
        listed = aws.apprunner(self.world.checkout).list_operations(ServiceArn=arn)["OperationSummaryList"]
        return [f"{o['Type']} {o['Status']}" for o in reversed(listed) if o["Type"] in DEPLOYMENTS]

    def releases(self) -> list[dict[str, Any]]:
        """The ledger's entries, oldest first; one that was sent twice, word for word, counts once."""
        ssm = aws.ssm(self.world.checkout)
        try:
            history = ssm.get_parameter_history(Name=f"{self.ledger}/release")["Parameters"]
        except ssm.exceptions.ParameterNotFound:
            return []
        return [json.loads(value) for value, _ in itertools.groupby(entry["Value"] for entry in history)]

    def state(self) -> dict[str, Any]:
        """Everything AWS holds of this environment, without what time, chance and its own name put into it."""
        checkout = self.world.checkout
        parameters = self.parameters(self.root)
        repository = f"repository-{self.name}"
        ecr, iam = aws.ecr(checkout), aws.iam(checkout)
        service = self._described()
        roles = {role: iam.get_role(RoleName=f"{role}-{self.name}")["Role"] for role in ("Access", "Instance")}
        policies = {
            role: iam.get_role_policy(
                RoleName=f"{role}-{self.name}", PolicyName=policy_name("ansari-whatsapp", self.name)
            )["PolicyDocument"]
            for role in roles
        }
        seen = {
            "parameters": {
                name: [p["Type"], "generated" if name in GENERATED else p["Value"], p["Version"]]
                for name, p in parameters.items()
            },
            "images": sorted(
                (image["imageDigest"], sorted(image["imageTags"]))
                for image in ecr.describe_images(repositoryName=repository)["imageDetails"]
            ),
            "lifecycle": ecr.get_lifecycle_policy(repositoryName=repository)["lifecyclePolicyText"],
            "trust": {role: found["AssumeRolePolicyDocument"] for role, found in roles.items()},
            "policies": policies,
            "service": {key: service[key] for key in sorted(service) if key.endswith("Configuration")},
            "releases": [
                {key: entry[key] for key in ("outcome", "image", "literals", "versions", "settings", "rollback_to")}
                for entry in self.releases()
            ],
            "status": self.status(),
            "tags": self.tags(),
            "deployments": self.deployments(),
            "inbox": self._inbox(),
            "lock": "lock" in self.parameters(self.ledger),
        }
        mine = (self.name, str(self.port), self.held()["APP_RELEASE"])
        found: dict[str, Any] = _without(json.loads(json.dumps(seen, default=str)), mine)
        return found

    def check_running(self) -> None:
        """What runs is what SSM holds, and the newest healthy entry of the ledger."""
        held = self.held()
        for name, parameter in self.parameters(self.root).items():
            variable = name.upper().replace("-", "_")
            assert held.get(variable, parameter["Value"]) == parameter["Value"], name
        newest = [entry for entry in self.releases() if entry["outcome"] == "healthy"][-1]
        assert held["APP_RELEASE"] == newest["id"]

    def clear(self) -> None:
        """Delete its service, so that its processes end."""
        runner, arn = aws.apprunner(self.world.checkout), self.arn()
        if arn is None:
            return
        wait_until(lambda: runner.describe_service(ServiceArn=arn)["Service"]["Status"] != "OPERATION_IN_PROGRESS")
        runner.delete_service(ServiceArn=arn)
        wait_until(lambda: runner.describe_service(ServiceArn=arn)["Service"]["Status"] == "DELETED")
        listed = runner.list_auto_scaling_configurations(AutoScalingConfigurationName=self.service)
        for summary in listed["AutoScalingConfigurationSummaryList"]:  # App Runner takes ten names only
            scaling = summary["AutoScalingConfigurationArn"].partition(f"/{self.service}/")[0] + f"/{self.service}"
            runner.delete_auto_scaling_configuration(AutoScalingConfigurationArn=scaling, DeleteAllRevisions=True)


def _without(value: Any, mine: tuple[str, ...]) -> Any:
    """The same for every environment: its own name, port and release are left out."""
    match value:
        case dict():
            return {key: _without(inner, mine) for key, inner in value.items()}
        case list():
            return [_without(inner, mine) for inner in value]
        case _ if any(one in str(value) for one in mine):
            text = str(value)
            for one in mine:
                text = re.sub(rf"(?<![0-9]){re.escape(one)}(?![0-9])", "MINE", text)  # digits are found in any id
            return text
        case _:
            return value


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def seeded(name: str) -> int:
    """The same number for the same name, in every run."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
