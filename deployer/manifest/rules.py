"""Rules that span several fields, and rules about the content of a value.

They read the manifest as plain data, of which any part may be missing or of the wrong kind: so they also check a file
with other problems, and every problem is reported at once.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Final

from deployer.manifest import limits
from deployer.manifest.credentials import credential_in
from deployer.manifest.rule import REASONS, BrokenRule, Path, get
from deployer.manifest.targets import section
from deployer.names import why_not_a_name

LEDGER_ROOT: Final = "/app-deployer"


def broken(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    """Every rule that the manifest breaks."""
    yield from _paths(manifest)
    yield from _protection(manifest)
    yield from _pipeline(manifest)
    yield from _roles(manifest)
    yield from _command(manifest)
    yield from _refused(manifest)
    yield from section(manifest).broken(manifest)
    variables = get(manifest, "variables")
    if isinstance(variables, Mapping):
        for name, variable in variables.items():
            if isinstance(name, str) and isinstance(variable, Mapping):
                yield from _variable(manifest, name, variable)


def _paths(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    path = get(manifest, "aws", "parameter_path")
    if isinstance(path, str) and f"{path}/".startswith(f"{LEDGER_ROOT}/"):
        yield BrokenRule(
            ("aws", "parameter_path"),
            f"{LEDGER_ROOT} is the deployer's own",
            "its ledger and lock are there, where no service may read",
            "use another path, such as /app-runtime/ansari-whatsapp/staging",
        )


def _protection(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    before = get(manifest, "protect", "healthy_in")
    if isinstance(before, str) and before == get(manifest, "environment"):
        yield BrokenRule(
            ("protect", "healthy_in"),
            "an environment cannot wait for itself",
            fix="name the environment that comes before, or delete the key",
        )


def _pipeline(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    branch, allowed = get(manifest, "github", "branch"), get(manifest, "protect", "branches")
    if isinstance(branch, str) and isinstance(allowed, list | tuple) and allowed and branch not in allowed:
        yield BrokenRule(
            ("github", "branch"),
            "protect.branches does not allow this branch",
            "every deployment from a push to it would be refused",
            f"use one of: {', '.join(map(str, allowed))}",
        )


def _roles(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    """Refuse a deploying role that is also a role of the service, whose trust policy would be overwritten."""
    roles = get(manifest, "service", "roles")
    own = [role for key, role in roles.items() if key != "managed"] if isinstance(roles, Mapping) else []
    deploying = get(manifest, "github", "credentials", "role")
    managed = get(manifest, "github", "credentials", "managed") is True
    if managed and isinstance(deploying, str) and deploying in own:
        yield BrokenRule(
            ("github", "credentials", "role"),
            "the role that deploys is one of the service's own",
            "it trusts GitHub's jobs, and that of the service its target",
            "name another role",
        )


def _refused(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    """The keys that the chosen target refuses because their use would surprise."""
    target = section(manifest)
    for key, reason in target.refused.items():
        if get(manifest, "service", *key.split(".")) is not None:
            why = f"{target.title} {REASONS[reason]}"
            yield BrokenRule(
                ("service", *key.split(".")), f"service.{key} cannot be used on this target", why, "delete it"
            )


def _command(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    command = get(manifest, "service", "command")
    if not isinstance(command, str):
        return
    at = ("service", "command")
    if what := credential_in(command):
        yield BrokenRule(
            at,
            f"this command holds what looks like {what}",
            "a manifest is read by everyone who reads the repository; if it was committed, replace the credential",
            "write `kind: secret` below variables, and let the command read it from its environment",
        )
    try:
        shlex.split(command)
    except ValueError as error:
        yield BrokenRule(at, f"this command cannot be split into words: {error}", fix="close what is quoted in it")


def _variable(manifest: Mapping[str, object], name: str, variable: Mapping[str, object]) -> Iterator[BrokenRule]:
    at = ("variables", name)
    yield from _arn_length(manifest, name)
    description = variable.get("description")
    if isinstance(description, str) and (what := credential_in(description)):
        yield _credential((*at, "description"), "this description", what, manifest, name)
    if variable.get("kind") == "secret":
        yield from _secret(manifest, at, variable)
    if variable.get("kind") == "literal":
        yield from _literal(manifest, at, variable)


def _secret(manifest: Mapping[str, object], at: Path, secret: Mapping[str, object]) -> Iterator[BrokenRule]:
    source = secret.get("source")
    if source is None:
        return
    if secret.get("generate") is not None:
        yield BrokenRule((*at, "source"), "a secret has either `generate` or `source`", fix="delete one of the two")
    if get(manifest, "aws", "endpoint") is None:
        yield BrokenRule(
            (*at, "source"),
            "`source` is for the local world only",
            "this environment is on the real AWS: it has no aws.endpoint",
            f"delete `source`, then: {set_command(manifest, at[1])}",
        )


def _literal(manifest: Mapping[str, object], at: Path, literal: Mapping[str, object]) -> Iterator[BrokenRule]:
    value = literal.get("value")
    if not isinstance(value, str):
        return
    here = (*at, "value")
    if value.startswith(("arn:aws:ssm:", "arn:aws:secretsmanager:", "arn:aws-")) and any(
        f":{service}:" in value for service in ("ssm", "secretsmanager")
    ):
        yield BrokenRule(
            here,
            "this literal is the ARN of a parameter or secret",
            "a literal reaches the service as it is written: it would get the ARN, not the value behind it",
            "for a secret write `kind: secret` without a value; for anything else write the value itself",
        )
    elif what := credential_in(value, name=at[1]):
        yield _credential(here, "this literal", what, manifest, at[1])
    longest = section(manifest).variable_characters
    yield from _text(here, value, store=literal.get("store") or "parameter", longest=longest)


def _text(at: Path, value: str, *, store: object, longest: int) -> Iterator[BrokenRule]:
    if store == "service":
        if len(value) > longest:
            yield BrokenRule(at, f"this value is longer than {longest} characters", fix="shorten it")
        if "\n" in value or "\r" in value:
            yield BrokenRule(at, "a plain variable of the service holds one line", fix="use `store: parameter`")
        return
    if not value:
        yield BrokenRule(at, "a parameter cannot be empty", "SSM refuses an empty value", "use `store: service`")
    if len(value.encode(errors="replace")) > limits.PARAMETER_VALUE_BYTES:
        what = f"this value has more than {limits.PARAMETER_VALUE_BYTES} bytes, which SSM does not take"
        yield BrokenRule(at, what, fix="shorten it, or use `store: service`")
    if "{{" in value:
        yield BrokenRule(at, "a parameter cannot hold '{{'", "SSM takes it for a reference", "use `store: service`")


def _arn_length(manifest: Mapping[str, object], name: str) -> Iterator[BrokenRule]:
    region, account, path = (get(manifest, "aws", key) for key in ("region", "account", "parameter_path"))
    length = len(f"arn:aws:ssm:{region}:{account}:parameter{path}/{name}")
    if length > limits.PARAMETER_ARN_CHARACTERS:
        yield BrokenRule(
            ("variables", name),
            f"this name makes an ARN of more than {limits.PARAMETER_ARN_CHARACTERS} characters",
            "SSM counts the ARN, with the region, the account and the path",
            "choose a shorter name or a shorter aws.parameter_path",
        )


def _credential(at: Path, subject: str, what: str, manifest: Mapping[str, object], name: str) -> BrokenRule:
    return BrokenRule(
        at,
        f"{subject} looks like {what}",
        "a manifest is read by everyone who reads the repository; if it was committed, replace the credential",
        f"write `kind: secret` without a value, then: {set_command(manifest, name)}",
    )


def set_command(manifest: Mapping[str, object], name: str) -> str:
    """The command that gives a secret its value."""
    environment = get(manifest, "environment")
    return f"just secret set {_or(environment, 'ENVIRONMENT')} {_or(name, 'NAME')}"


def _or(name: object, instead: str) -> str:
    """The name if it is valid; other text may be anything, and is not repeated."""
    known = isinstance(name, str) and not why_not_a_name(name) and not credential_in(name, name="key")
    return str(name) if known else instead
