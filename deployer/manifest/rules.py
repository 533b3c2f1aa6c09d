"""The rules that span several fields, and those about what a value says.

They read the manifest as plain data, of which any part may be missing or of the wrong kind: so they hold for a
file with other problems too, and every problem is told at once.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeGuard

from deployer.manifest import limits
from deployer.manifest.credentials import credential_in
from deployer.names import why_not_a_name

LEDGER_ROOT: Final = "/app-deployer"
ARN_COLONS: Final = 5
PRIVATE_WHY: Final = "a private service has no public URL, and Meta cannot send it webhooks"
Path = tuple[str, ...]


class Broken(NamedTuple):
    """A rule that does not hold, and the path of the value to change."""

    at: Path
    what: str
    why: str = ""
    fix: str = ""


def broken(manifest: Mapping[str, object]) -> Iterator[Broken]:
    """Every rule that the manifest breaks."""
    yield from _sizes(manifest)
    yield from _paths(manifest)
    yield from _protection(manifest)
    yield from _pipeline(manifest)
    yield from _roles(manifest)
    yield from _command(manifest)
    yield from _ingress(manifest)
    yield from _resources(manifest)
    variables = _get(manifest, "variables")
    if isinstance(variables, Mapping):
        for name, variable in variables.items():
            if isinstance(name, str) and isinstance(variable, Mapping):
                yield from _variable(manifest, name, variable)


def _sizes(manifest: Mapping[str, object]) -> Iterator[Broken]:
    cpu = limits.CPU_UNITS.get(str(_get(manifest, "service", "cpu") or "1 vCPU"))
    memory = limits.MEMORY_MB.get(str(_get(manifest, "service", "memory") or "2 GB"))
    if cpu and memory and memory not in limits.MEMORY_FOR_CPU[cpu]:
        offered = ", ".join(f"{size / 1024:g} GB" for size in limits.MEMORY_FOR_CPU[cpu])
        yield Broken(
            ("service", "memory"),
            "App Runner does not offer this memory with this cpu",
            f"with {cpu / 1024:g} vCPU it offers {offered}",
            "change service.memory or service.cpu",
        )
    least, most = _get(manifest, "service", "scaling", "min"), _get(manifest, "service", "scaling", "max")
    if _is_number(least) and _is_number(most) and least > most:
        yield Broken(
            ("service", "scaling", "max"),
            "service.scaling.max is below service.scaling.min",
            fix="write a larger max, or a smaller min",
        )


def _paths(manifest: Mapping[str, object]) -> Iterator[Broken]:
    path = _get(manifest, "aws", "parameter_path")
    if isinstance(path, str) and f"{path}/".startswith(f"{LEDGER_ROOT}/"):
        yield Broken(
            ("aws", "parameter_path"),
            f"{LEDGER_ROOT} is the deployer's own",
            "its ledger and lock live there, where no service may read",
            "use another path, such as /app-runtime/ansari-whatsapp/staging",
        )


def _protection(manifest: Mapping[str, object]) -> Iterator[Broken]:
    before = _get(manifest, "protect", "healthy_in")
    if isinstance(before, str) and before == _get(manifest, "environment"):
        yield Broken(
            ("protect", "healthy_in"),
            "an environment cannot wait for itself",
            fix="name the environment that comes before, or delete the key",
        )


def _pipeline(manifest: Mapping[str, object]) -> Iterator[Broken]:
    branch, allowed = _get(manifest, "github", "branch"), _get(manifest, "protect", "branches")
    if isinstance(branch, str) and isinstance(allowed, list | tuple) and allowed and branch not in allowed:
        yield Broken(
            ("github", "branch"),
            "protect.branches does not allow this branch",
            "every deployment from a push to it would be refused",
            f"use one of: {', '.join(map(str, allowed))}",
        )


def _roles(manifest: Mapping[str, object]) -> Iterator[Broken]:
    """A role that is kept for two purposes would have its trust and policy written over by each."""
    access, instance = (_get(manifest, "service", "roles", key) for key in ("access", "instance"))
    if _get(manifest, "service", "roles", "managed") is True and isinstance(access, str) and access == instance:
        yield Broken(
            ("service", "roles", "instance"),
            "access and instance are the same role",
            "one pulls the image, the other is the running service's: each trusts another part of App Runner",
            "name two roles",
        )
    deploying = _get(manifest, "github", "credentials", "role")
    if (
        _get(manifest, "github", "credentials", "managed") is True
        and isinstance(deploying, str)
        and deploying in (access, instance)
    ):
        yield Broken(
            ("github", "credentials", "role"),
            "the role that deploys is one of the service's own",
            "it trusts GitHub's jobs, and that of the service App Runner",
            "name another role",
        )


def _command(manifest: Mapping[str, object]) -> Iterator[Broken]:
    command = _get(manifest, "service", "command")
    if not isinstance(command, str):
        return
    at = ("service", "command")
    if what := credential_in(command):
        yield Broken(
            at,
            f"this command holds what looks like {what}",
            "a manifest is read by everyone who reads the repository; if it was committed, replace the credential",
            "write `kind: secret` below variables, and let the command read it from its environment",
        )
    try:
        shlex.split(command)
    except ValueError as error:
        yield Broken(at, f"this command cannot be split into words: {error}", fix="close what is quoted in it")


def _ingress(manifest: Mapping[str, object]) -> Iterator[Broken]:
    if _get(manifest, "service", "network", "ingress") == "private":
        yield Broken(
            ("service", "network", "ingress"),
            "this service would be private, and the deployer could not prove a release of it",
            PRIVATE_WHY,
            "write `ingress: public`",
        )


def _resources(manifest: Mapping[str, object]) -> Iterator[Broken]:
    """ARNs that the service refers to, each of this region and, but for a key, of this account."""
    region, account = _get(manifest, "aws", "region"), _get(manifest, "aws", "account")
    for keys in (
        ("network", "egress", "vpc_connector"),
        ("observability", "configuration"),
        ("encryption", "kms_key"),
    ):
        arn = _get(manifest, "service", *keys)
        if not isinstance(arn, str) or arn.count(":") < ARN_COLONS:
            continue
        _, _, kind, of_region, of_account, _ = arn.split(":", ARN_COLONS)
        at, fix = ("service", *keys), "write the ARN of one there, or correct aws.region and aws.account"
        if isinstance(region, str) and of_region != region:
            yield Broken(at, f"service.{'.'.join(keys)} is in {of_region}, not in {region}", fix=fix)
        elif kind == "apprunner" and isinstance(account, str) and of_account != account:
            yield Broken(at, f"service.{'.'.join(keys)} is in account {of_account}, not in {account}", fix=fix)
    traced, configuration = (_get(manifest, "service", "observability", key) for key in ("enabled", "configuration"))
    if not isinstance(_get(manifest, "service", "observability"), Mapping):
        return
    if traced is not False and configuration is None:
        yield Broken(
            ("service", "observability"),
            "service.observability needs a configuration",
            fix="list them: aws apprunner list-observability-configurations; or write `enabled: false`",
        )
    if traced is False and configuration is not None:
        yield Broken(
            ("service", "observability", "configuration"),
            "service.observability names a configuration, and is not enabled",
            "App Runner takes a configuration only where tracing is enabled",
            "delete the configuration, or write `enabled: true`",
        )


def _variable(manifest: Mapping[str, object], name: str, variable: Mapping[str, object]) -> Iterator[Broken]:
    at = ("variables", name)
    yield from _arn_length(manifest, name)
    description = variable.get("description")
    if isinstance(description, str) and (what := credential_in(description)):
        yield _credential((*at, "description"), "this description", what, manifest, name)
    if variable.get("kind") == "secret":
        yield from _secret(manifest, at, variable)
    if variable.get("kind") == "literal":
        yield from _literal(manifest, at, variable)


def _secret(manifest: Mapping[str, object], at: Path, secret: Mapping[str, object]) -> Iterator[Broken]:
    source = secret.get("source")
    if source is None:
        return
    if secret.get("generate") is not None:
        yield Broken((*at, "source"), "a secret has either `generate` or `source`", fix="delete one of the two")
    if _get(manifest, "aws", "endpoint") is None:
        yield Broken(
            (*at, "source"),
            "`source` is for the local world only",
            "this environment is on the real AWS: it has no aws.endpoint",
            f"delete `source`, then: {set_command(manifest, at[1])}",
        )


def _literal(manifest: Mapping[str, object], at: Path, literal: Mapping[str, object]) -> Iterator[Broken]:
    value = literal.get("value")
    if not isinstance(value, str):
        return
    here = (*at, "value")
    if value.startswith(("arn:aws:ssm:", "arn:aws:secretsmanager:", "arn:aws-")) and any(
        f":{service}:" in value for service in ("ssm", "secretsmanager")
    ):
        yield Broken(
            here,
            "this literal is the ARN of a parameter or secret",
            "a literal reaches the service as it is written: it would get the ARN, not the value behind it",
            "for a secret write `kind: secret` without a value; for anything else write the value itself",
        )
    elif what := credential_in(value, name=at[1]):
        yield _credential(here, "this literal", what, manifest, at[1])
    yield from _text(here, value, store=literal.get("store") or "parameter")


def _text(at: Path, value: str, *, store: object) -> Iterator[Broken]:
    if store == "service":
        if len(value) > limits.SERVICE_VARIABLE_CHARACTERS:
            yield Broken(
                at, f"this value is longer than {limits.SERVICE_VARIABLE_CHARACTERS} characters", fix="shorten it"
            )
        if "\n" in value or "\r" in value:
            yield Broken(at, "a plain variable of the service holds one line", fix="use `store: parameter`")
        return
    if not value:
        yield Broken(at, "a parameter cannot be empty", "SSM refuses an empty value", "use `store: service`")
    if len(value.encode(errors="replace")) > limits.PARAMETER_VALUE_BYTES:
        what = f"this value has more than {limits.PARAMETER_VALUE_BYTES} bytes, which SSM does not take"
        yield Broken(at, what, fix="shorten it, or use `store: service`")
    if "{{" in value:
        yield Broken(at, "a parameter cannot hold '{{'", "SSM takes it for a reference", "use `store: service`")


def _arn_length(manifest: Mapping[str, object], name: str) -> Iterator[Broken]:
    region, account, path = (_get(manifest, "aws", key) for key in ("region", "account", "parameter_path"))
    length = len(f"arn:aws:ssm:{region}:{account}:parameter{path}/{name}")
    if length > limits.PARAMETER_ARN_CHARACTERS:
        yield Broken(
            ("variables", name),
            f"this name makes an ARN of more than {limits.PARAMETER_ARN_CHARACTERS} characters",
            "SSM counts the ARN, with the region, the account and the path",
            "choose a shorter name or a shorter aws.parameter_path",
        )


def _credential(at: Path, subject: str, what: str, manifest: Mapping[str, object], name: str) -> Broken:
    return Broken(
        at,
        f"{subject} looks like {what}",
        "a manifest is read by everyone who reads the repository; if it was committed, replace the credential",
        f"write `kind: secret` without a value, then: {set_command(manifest, name)}",
    )


def set_command(manifest: Mapping[str, object], name: str) -> str:
    """The command that gives a secret its value."""
    environment = _get(manifest, "environment")
    return f"just secret set {_or(environment, 'ENVIRONMENT')} {_or(name, 'NAME')}"


def _or(name: object, instead: str) -> str:
    """The name, unless it is none: what is no name may be anything, and is not repeated."""
    known = isinstance(name, str) and not why_not_a_name(name) and not credential_in(name, name="key")
    return str(name) if known else instead


def _get(data: object, *keys: str) -> object:
    for key in keys:
        if not isinstance(data, Mapping):
            return None
        data = data.get(key)
    return data


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
