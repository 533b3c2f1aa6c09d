"""`deployer adopt ENV --service NAME`: write the manifest of an existing service. Nothing in AWS is changed."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from pydantic import ValidationError

from deployer import names
from deployer.apps.project_file import read_app
from deployer.apps.settings import settings_class
from deployer.aws import ecr, ssm
from deployer.aws.session import Session
from deployer.core.adoption.choice import Missing, OmittedVariable
from deployer.core.adoption.expected import Expectation, expected_changes
from deployer.core.adoption.live import Live, Place, parameter_path, source
from deployer.core.adoption.variables import choose
from deployer.core.observed import ObservedParameter
from deployer.environment.contract import refuse_contract_problems
from deployer.errors import Blocked, UsageError
from deployer.manifest.load import LoadedManifest, load_manifest, parse
from deployer.manifest.model import Aws
from deployer.manifest.problem import InvalidManifest
from deployer.manifest.together import clashes
from deployer.project import PROJECT_FILE, find_root, shortest
from deployer.targets.registry import DEFAULT, describe, open_target, targets
from deployer.view.adopted_manifest import KEEP, manifest_text
from deployer.view.adoption_text import expectation, fix, set_secret, shown_name, why
from deployer.view.details import filled_fields
from deployer.view.documents.adopt import AdoptDocument, OmittedDocument
from deployer.view.documents.note import NoteDocument
from deployer.world_keys import keys_in

_UNKNOWN_ACCOUNT = "000000000000"


class AdoptOptions(Struct, frozen=True, kw_only=True):
    """`environment` names the manifest to write, `service` the existing service.

    `app` is the app's name, "" for that of deployer.yaml; `target` its platform, "" for the first. `endpoint` is the
    local AWS, None for the real one. `parameter_path` is where the parameters are, None when it is read from the
    service. `literals` holds values, by parameter name, that replace those of the service.
    """

    environment: str
    service: str
    app: str = ""
    region: str = "us-west-2"
    endpoint: str | None = None
    parameter_path: str | None = None
    literals: Mapping[str, str] = {}
    target: str = ""


def adopt_service(options: AdoptOptions) -> AdoptDocument:
    """Read the service and its parameters, and write env/ENV.yaml, which `check` accepts.

    Raises UsageError when the file exists or names are wrong, Blocked when no manifest can describe the service or a
    setting has no usable value, and InvalidManifest when `check` would refuse the file. Then nothing is written.
    """
    options = replace(options, app=options.app or _app(), target=options.target or DEFAULT)
    path = _new_file(options)
    live = _look(options)
    root = find_root(Path.cwd())
    choice = choose(live, settings_class(read_app(root), root), options.literals)
    if choice.missing:
        raise _incomplete(options, choice.missing)
    others = _others(path)
    text = manifest_text(live, choice, keep=_keep(live, others))
    loaded = _checked(path, text)
    _write(path, text)
    return AdoptDocument(
        file=str(path),
        environment=options.environment,
        account=live.place.account,
        region=live.place.region,
        service=options.service,
        parameter_path=live.parameter_path,
        image=live.service.spec.image,
        secrets=tuple(one.name for one in choice.taken if one.value is None),
        literals=tuple(one.name for one in choice.taken if one.value is not None),
        extra=tuple(one.name for one in choice.taken if one.extra),
        left=tuple(_omitted(one, options.environment) for one in choice.left),
        expected=tuple(_expected(change, options.environment) for change in expected_changes(live, choice)),
        blockers=tuple(set_secret(one.name, options.environment) for one in choice.taken if one.unset),
        shared=tuple(problem.what for problem in clashes([*others, loaded]) if problem.file == str(path)),
    )


def _omitted(left: OmittedVariable, environment: str) -> OmittedDocument:
    return OmittedDocument(
        name=shown_name(left.name),
        why=why(left.reason),
        reaches=left.reaches,
        fix=fix(left.fix, environment),
        kind=type(left.reason).__name__,
        details=filled_fields(left.reason),
    )


def _expected(change: Expectation, environment: str) -> NoteDocument:
    return NoteDocument(type(change).__name__, filled_fields(change), expectation(change, environment))


def _app() -> str:
    """The app's name in deployer.yaml. Raises UsageError."""
    app = read_app(find_root(Path.cwd())).app
    if app is None:
        raise UsageError(f"{PROJECT_FILE} names no app", fix="name it: --app NAME, or `app: NAME` there")
    return app


def _new_file(options: AdoptOptions) -> Path:
    for option, name in (("ENV", options.environment), ("--app", options.app)):
        if why := names.why_not_a_name(name):
            raise UsageError(f"{option} is not a name", why=why, fix="write it like staging, or ansari-whatsapp")
    if options.target not in targets():
        raise UsageError("--target is not a known target", fix=f"use one of: {', '.join(targets())}")
    if not re.fullmatch(describe(options.target).adoption().name, options.service):
        raise UsageError(
            f"--service is not a valid name of an {describe(options.target).title} service",
            fix="write it like ansari-staging-whatsapp",
        )
    given = {
        "account": _UNKNOWN_ACCOUNT,
        "region": options.region,
        "parameter_path": options.parameter_path or f"/app-runtime/{options.app}/{options.environment}",
        "endpoint": options.endpoint,
    }
    try:
        Aws.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        option = str(first["loc"][0]).replace("_", "-")
        example = first.get("ctx", {}).get("example", "")
        raise UsageError(f"--{option} {first['msg']}", fix=f"write it like {example}") from None
    path = shortest(find_root(Path.cwd()) / "env" / f"{options.environment}.yaml")
    if path.exists() or path.is_symlink():
        raise UsageError(
            f"{path} is there already; nothing was changed",
            fix=f"move it away, or choose another name; compare it with AWS by: just plan {options.environment}",
        )
    return path


def _incomplete(options: AdoptOptions, missing: Sequence[Missing]) -> Blocked:
    """The error for a service that lacks literals without which its code does not start."""
    given = {"--app": options.app, "--region": options.region, "--endpoint": options.endpoint}
    words = ["just", "adopt", options.environment, "--service", options.service]
    words += [word for option, value in given.items() if value for word in (option, value)]
    if options.parameter_path:
        words += ["--parameter-path", options.parameter_path]
    words += [word for name, value in options.literals.items() for word in ("--literal", f"{name}={value}")]
    asked = " ".join(f"--literal {one.name}=VALUE" for one in missing)
    count = "1 setting has" if len(missing) == 1 else f"{len(missing)} settings have"
    return Blocked(
        f"{count} no value that the service accepts; nothing was written",
        why="\n       ".join(f"{names.variable(one.name)}: {why(one.reason)}" for one in missing),
        fix=f"give each a value: {shlex.join(words)} {asked}",
    )


def _others(path: Path) -> list[LoadedManifest]:
    """The other manifests of the folder. A manifest that has problems is skipped: its own `check` reports them."""
    others: list[LoadedManifest] = []
    for other in sorted(path.parent.glob("*.yaml")):
        try:
            others.append(load_manifest(shortest(other)))
        except (InvalidManifest, OSError):
            continue
    return others


def _keep(live: Live, others: Sequence[LoadedManifest]) -> int:
    """How many images the repository keeps: as many as the environments that share it ask for."""
    place = live.place
    for other in others:
        aws, image = other.manifest.aws, other.manifest.image
        if (aws.account, aws.region, aws.endpoint) != (place.account, place.region, place.endpoint):
            continue
        if image.repository == live.source.repository:
            return image.keep
    return KEEP


def _checked(path: Path, text: str) -> LoadedManifest:
    """The new manifest. Raises InvalidManifest with every problem that `check` would report of it."""
    try:
        loaded = parse(text.encode(), path)
        refuse_contract_problems(loaded)
    except InvalidManifest as refused:
        refused.what = f"{refused.what} would be introduced; nothing was written"
        raise
    return loaded


def _look(options: AdoptOptions) -> Live:
    session = Session("", options.region, options.endpoint, keys_in(find_root(Path.cwd()).resolve()))
    session = dataclasses.replace(session, account=session.sts.get_caller_identity()["Account"])
    place = Place(options.app, options.environment, session.account, options.region, options.endpoint)
    target = open_target(options.target, session)
    service, scalings = target.observe(options.service)
    if service is None:
        raise UsageError(
            f"there is no service {options.service} in account {place.account}, region {place.region}",
            fix="check the name, the account of these credentials, and --region",
        )
    parts = source(place, options.service, service.spec, target.description)
    below = options.parameter_path or parameter_path(place, service.spec)
    with ThreadPoolExecutor(1) as pool:
        repository = pool.submit(ecr.read_repository, session.ecr, parts.repository)
        parameters = _parameters(session, below)
        return Live(target.description, place, parts, service, scalings, repository.result(), below, parameters)


def _parameters(session: Session, path: str) -> dict[str, ObservedParameter]:
    """Everything below the path. No SecureString is read."""
    described = ssm.describe(session.ssm, path)
    read: dict[str, ObservedParameter] = {}
    for batch in ssm.batches([name for name, parameter in described.items() if not parameter.secure]):
        read |= ssm.read(session.ssm, batch)
    return ssm.together(described, read, ssm.ours(session.ssm, path))


def _write(path: Path, text: str) -> None:
    """Write the file, unless another process has created it meanwhile."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already; nothing was changed", fix="move it away") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written", why=error.strerror or "") from None
