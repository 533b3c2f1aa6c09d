"""The types themselves: what AWS allows, what is frozen, and what never shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from deployer.manifest import rules
from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import LiteralVariable, Manifest, SecretVariable
from deployer.manifest.problem import Problem
from deployer.manifest.targets import AppRunnerService
from deployer.targets.apprunner import limits

ON_THIS_MACHINE = (
    ("  parameter_path:", "  endpoint: http://127.0.0.1:4566\n  parameter_path:"),
    ("https://staging-api.ansari.chat", "http://127.0.0.1:8000"),
    ("https://graph.facebook.com", "http://127.0.0.1:8002"),
)


@pytest.fixture
def plain(read: Callable[..., LoadedManifest]) -> dict[str, Any]:
    return read().manifest.model_dump(exclude_none=True)


def test_a_manifest_survives_a_round_trip(plain: dict[str, Any], read: Callable[..., LoadedManifest]) -> None:
    assert Manifest.model_validate(plain) == read().manifest


def test_nothing_can_be_changed(read: Callable[..., LoadedManifest]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(read().manifest.service, "port", 1)  # noqa: B010 -- mypy knows it, too


@pytest.mark.parametrize(
    ("cpu", "units"),
    [("0.25 vCPU", 256), ("256", 256), ("0.5 vCPU", 512), ("1 vCPU", 1024), ("1024", 1024), ("4 vCPU", 4096)],
)
def test_cpu_is_compared_as_a_number(cpu: str, units: int) -> None:
    assert limits.CPU_UNITS[cpu] == units


@pytest.mark.parametrize(("memory", "mb"), [("0.5 GB", 512), ("2 GB", 2048), ("2048", 2048), ("12 GB", 12288)])
def test_memory_is_compared_as_a_number(memory: str, mb: int) -> None:
    assert limits.MEMORY_MB[memory] == mb


def test_a_size_can_be_written_in_two_ways(read: Callable[..., LoadedManifest]) -> None:
    words = read().manifest.service
    numbers = read(("cpu: 1 vCPU", 'cpu: "1024"'), ("memory: 2 GB", 'memory: "2048"')).manifest.service

    assert isinstance(words, AppRunnerService)
    assert isinstance(numbers, AppRunnerService)
    assert (words.cpu_units, words.memory_mb) == (numbers.cpu_units, numbers.memory_mb) == (1024, 2048)


# https://docs.aws.amazon.com/apprunner/latest/dg/architecture.html
OFFERED = {
    ("0.25 vCPU", "0.5 GB"), ("0.25 vCPU", "1 GB"), ("0.5 vCPU", "1 GB"),
    ("1 vCPU", "2 GB"), ("1 vCPU", "3 GB"), ("1 vCPU", "4 GB"),
    ("2 vCPU", "4 GB"), ("2 vCPU", "6 GB"),
    ("4 vCPU", "8 GB"), ("4 vCPU", "10 GB"), ("4 vCPU", "12 GB"),
}  # fmt: skip


def test_only_the_pairs_that_app_runner_offers_are_taken(plain: dict[str, Any]) -> None:
    taken = set()
    for cpu in limits.CPU_UNITS:
        for memory in limits.MEMORY_MB:
            data = {**plain, "service": {**plain["service"], "cpu": cpu, "memory": memory}}
            if not list(rules.broken(data)):
                taken.add((cpu, memory))

    assert {pair for pair in taken if "vCPU" in pair[0] and "GB" in pair[1]} == OFFERED
    assert len(taken) == 4 * len(OFFERED)  # each size has two spellings


def test_the_sizes_of_memory_that_go_with_a_cpu_are_named(refused: Callable[..., tuple[Problem, ...]]) -> None:
    (problem,) = refused(("cpu: 1 vCPU", "cpu: 0.25 vCPU"))

    assert problem.why == "with 0.25 vCPU it offers 0.5 GB, 1 GB"


def test_a_rule_holds_for_a_manifest_built_without_a_file(plain: dict[str, Any]) -> None:
    plain["service"]["memory"] = "12 GB"
    with pytest.raises(ValidationError, match="does not offer this memory"):
        Manifest.model_validate(plain)


def test_the_branch_that_deploys_is_one_that_may(refused: Callable[..., tuple[Problem, ...]]) -> None:
    (problem,) = refused(("branch: develop", "branch: topic"))

    assert problem.what == "protect.branches does not allow this branch"
    assert problem.fix == "use one of: develop, main"


def test_an_error_never_repeats_a_value(plain: dict[str, Any]) -> None:
    plain["variables"]["meta-app-secret"] = {"kind": "secret", "value": "hunter2"}
    plain["service"]["port"] = "hunter2"
    with pytest.raises(ValidationError) as refusal:
        Manifest.model_validate(plain)
    assert "hunter2" not in str(refusal.value)
    assert "hunter2" not in repr(refusal.value)


@pytest.mark.parametrize(
    ("keys", "good", "bad"),
    [
        (("aws", "region"), ["eu-central-1", "ap-southeast-2"], ["us-west", "US-WEST-2", "us-west-2a", "us_west_2"]),
        (("aws", "parameter_path"), ["/a/b", "/a" * 14], ["/a", "a/b", "/a/b/", "/a//b", "/a" * 15, "/ssm/x", "/a/ä"]),
        (
            ("aws", "endpoint"),
            ["http://127.0.0.1:4566", "http://localhost:1", "http://127.0.0.1:65535"],
            ["https://127.0.0.1:4566", "http://127.0.0.1", "http://10.0.0.1:80", "http://localhost:65536",
             "http://localhost:0", "http://[::1]:80", "http://localhost:80/", "http://localhost:80@evil.example", "http://localhost:080"],
        ),
        (("aws", "account"), ["000000000000"], ["12345678901", "1234567890123", "12345678901a", 123456789012]),
        (("image", "repository"), ["a1", "a/b", "a-b.c_d__e"], ["a", "A", "a//b", "-a", "a_", "a" * 257]),
        (("image", "keep"), [1, 1000], [0, -1, "30", True]),
        (("service", "name"), ["abcd", "A-_9", "a" * 40], ["abc", "a" * 41, "-abc", "ab c", "abcü"]),
        (("service", "port"), [1, 65535], [0, 65536, "8001", 8001.0, True, None]),
        (("service", "health_check", "path"), ["/", "/health?x=1"], ["", "health", "/a b", "/ä"]),
        (("service", "health_check", "timeout"), [1, 20], [0, 21]),
        (("service", "health_check", "unhealthy_threshold"), [1, 20], [0, 21]),
        (("service", "health_check", "protocol"), ["HTTP", "TCP"], ["http", "HTTPS"]),
        (("service", "scaling", "concurrency"), [1, 200], [0, 201]),
        (("service", "scaling", "max"), [1, 25], [0, 26]),
        (("service", "roles", "access"), ["a", "A+=,.@-_" * 8], ["", "a" * 65, "arn:aws:iam::1:role/x"]),
        (
            ("protect", "branches"),
            [[], ["develop", "release/1.x"]],
            ["develop", [1], ["a b"], [""], ["it's"], ["!main"], ["+x"], ["a*"]],
        ),
        (("github", "repository"), ["a/b", "A-1/x.y_z-"], ["a", "a/", "/b", "a/b/c", "-a/b", "a--b/c", "a/.."]),
        (
            ("github", "credentials"),
            [{"kind": "oidc", "role": "a" * 58}, {"kind": "keys", "user": "a", "managed": True}],
            [
                *({}, "oidc", {"kind": "oidc", "user": "a"}, {"kind": "oidc", "role": "a" * 59}),
                {"kind": "keys", "user": "arn:aws:iam::1:user/x"},
            ],
        ),
        (("github", "ids"), [{"owner": 1, "repository": 2}], [{"owner": 1}, {"owner": 0, "repository": 1}, 1]),
        (("environment",), ["staging", "blue-2"], ["Staging", "a_b", "", "-a"]),
    ],
)  # fmt: skip
def test_what_each_key_takes(
    plain: dict[str, Any], keys: tuple[str, ...], good: list[object], bad: list[object]
) -> None:
    for name, port in (("backend-server-url", 8000), ("meta-graph-url", 8002)):  # what a local endpoint asks for
        plain["variables"][name] = {"kind": "literal", "value": f"http://127.0.0.1:{port}"}

    def with_value(value: object) -> dict[str, Any]:
        group = plain
        for key in keys[:-1]:
            group = group[key]
        group[keys[-1]] = value
        return plain

    for value in good:
        Manifest.model_validate(with_value(value))
    for value in bad:
        with pytest.raises(ValidationError):
            Manifest.model_validate(with_value(value))


def test_left_out_keys_have_sensible_values() -> None:
    service = AppRunnerService.model_validate(
        {"target": "apprunner", "name": "abcd", "port": 1, "roles": {"access": "a", "instance": "b"}}
    )

    assert (service.cpu_units, service.memory_mb, service.on_unhealthy) == (1024, 2048, "rollback")
    assert service.health_check.protocol == "HTTP"
    assert not service.roles.managed


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (0, "0"), (-3, "-3"), (" x ", " x ")])
def test_a_literals_text(value: str | bool | int, text: str) -> None:
    assert LiteralVariable(kind="literal", value=value).text == text


def test_generate_and_source_exclude_each_other(refused: Callable[..., tuple[Problem, ...]]) -> None:
    (problem,) = refused(
        *ON_THIS_MACHINE,
        ("generate: 32", "generate: 32, source: local-world"),
    )

    assert problem.what == "a secret has either `generate` or `source`"
    assert problem.source[problem.caret :].startswith("local-world")


def test_a_secret_may_come_from_the_local_world_only_there(read: Callable[..., LoadedManifest]) -> None:
    local = read(
        *ON_THIS_MACHINE,
        ("generate: 32", "source: local-world"),
    )

    assert local.manifest.variables["meta-webhook-verify-token"] == SecretVariable(kind="secret", source="local-world")
