"""`deployer adopt ENV --service NAME`: write the manifest of an existing service. Nothing in AWS is changed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec import to_builtins
from pydantic import ValidationError

from deployer import names
from deployer.apps.project_file import read_app
from deployer.apps.settings import settings_class
from deployer.aws import ecr, ssm
from deployer.aws.session import Session
from deployer.core.adoption.expected import expected
from deployer.core.adoption.live import Live, Place, parameter_path, source
from deployer.core.adoption.variables import LeftOut, Missing, choose
from deployer.core.facts import ParameterFact
from deployer.environment.contract import refuse_contract_problems
from deployer.errors import Blocked, UsageError, as_typed
from deployer.manifest.load import Loaded, load, parse
from deployer.manifest.model import Aws
from deployer.manifest.problem import InvalidManifest
from deployer.manifest.together import clashes
from deployer.project import find_root, shortest
from deployer.targets.registry import DEFAULT, describe, open_target
from deployer.view.adopted_manifest import KEEP, manifest_text
from deployer.view.adoption_text import expectation, fix, set_secret, shown_name, why
from deployer.view.details import details
from deployer.view.documents import AdoptDocument, OmittedDocument
from deployer.world_keys import keys_in

_UNKNOWN_ACCOUNT = "000000000000"
HELD = "; the service has it now, and loses it with the next deployment"


@dataclass(frozen=True)
class Wanted:
    """The options of the command line. `parameter_path` is None when it is read from the service.

    `literals` holds values, by parameter name, that replace those of the service.
    """

    app: str
    environment: str
    service: str
    region: str
    endpoint: str | None
    parameter_path: str | None
    literals: Mapping[str, str] = field(default_factory=dict)
    target: str = DEFAULT


def adopt(wanted: Wanted) -> AdoptDocument:
    """Read the service and its parameters, and write env/ENV.yaml, which `check` accepts.

    Raises UsageError when the file exists or names are wrong, Blocked when no manifest can describe the service or a
    setting has no usable value, and InvalidManifest when `check` would refuse the file. Then nothing is written.
    """
    path = _new_file(wanted)
    live = _look(wanted)
    root = find_root(Path.cwd())
    choice = choose(live, settings_class(read_app(root), root), wanted.literals)
    if choice.missing:
        raise _incomplete(wanted, choice.missing)
    others = _others(path)
    text = manifest_text(live, choice, keep=_keep(live, others))
    loaded = _checked(path, text)
    _write(path, text)
    return AdoptDocument(
        file=str(path),
        environment=wanted.environment,
        account=live.place.account,
        region=live.place.region,
        service=wanted.service,
        parameter_path=live.parameter_path,
        image=live.service.spec.image,
        secrets=tuple(one.name for one in choice.taken if one.value is None),
        literals=tuple(one.name for one in choice.taken if one.value is not None),
        extra=tuple(one.name for one in choice.taken if one.extra),
        left=tuple(_omitted(one, wanted.environment) for one in choice.left),
        expected=tuple(expectation(change, wanted.environment) for change in expected(live, choice)),
        blockers=tuple(set_secret(one.name, wanted.environment) for one in choice.taken if one.unset),
        shared=tuple(problem.what for problem in clashes([*others, loaded]) if problem.file == str(path)),
    )


def _omitted(left: LeftOut, environment: str) -> OmittedDocument:
    return OmittedDocument(
        name=shown_name(left.name),
        why=why(left.reason),
        reaches=left.reaches,
        fix=fix(left.fix, environment),
        kind=type(left.reason).__name__,
        details=details(left.reason),
    )


def show(adopted: AdoptDocument, *, as_json: bool) -> str:
    """What was written, what was left out and why, and the next steps; or JSON."""
    if as_json:
        return json.dumps(to_builtins(adopted), indent=2, ensure_ascii=False)
    name, place = adopted.environment, f"account {adopted.account}, {adopted.region}"
    held = f"{len(adopted.secrets)} secrets, {len(adopted.literals)} literals"
    lines = [f"{adopted.file}: {held}, from service {adopted.service} in {place}"]
    if adopted.extra:
        lines.append(
            f"kept with `extra: true`, because the service has no setting for them: {', '.join(adopted.extra)}"
        )
    for one in adopted.left:
        lines += [f"left out: {one.name}: {one.why}{HELD if one.reaches else ''}", as_typed(f"  fix: {one.fix}")]
    lines += [as_typed(f"blocks a plan until it is done: {command}") for command in adopted.blockers]
    lines += [f"{what}: keep one of the two files before anything is deployed" for what in adopted.shared]
    then = f"Read it and commit it, then: just check {name}, and: just plan {name}{_of(adopted.image)}"
    return "\n".join([*lines, as_typed(then)])


def _of(image: str) -> str:
    """The option that plans the running image."""
    _, mark, tag = image.rpartition("/")[2].partition(":")
    return f" --image {tag}" if mark and "@" not in image else ""


def _new_file(wanted: Wanted) -> Path:
    for option, name in (("ENV", wanted.environment), ("--app", wanted.app)):
        if why := names.why_not_a_name(name):
            raise UsageError(f"{option} is not a name", why=why, fix="write it like staging, or ansari-whatsapp")
    if not re.fullmatch(describe(wanted.target).adoption.name, wanted.service):
        raise UsageError(
            f"--service is not a valid name of an {describe(wanted.target).title} service",
            fix="write it like ansari-staging-whatsapp",
        )
    given = {
        "account": _UNKNOWN_ACCOUNT,
        "region": wanted.region,
        "parameter_path": wanted.parameter_path or f"/app-runtime/{wanted.app}/{wanted.environment}",
        "endpoint": wanted.endpoint,
    }
    try:
        Aws.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        option = str(first["loc"][0]).replace("_", "-")
        example = first.get("ctx", {}).get("example", "")
        raise UsageError(f"--{option} {first['msg']}", fix=f"write it like {example}") from None
    path = shortest(find_root(Path.cwd()) / "env" / f"{wanted.environment}.yaml")
    if path.exists() or path.is_symlink():
        raise UsageError(
            f"{path} is there already; nothing was changed",
            fix=f"move it away, or choose another name; compare it with AWS by: just plan {wanted.environment}",
        )
    return path


def _incomplete(wanted: Wanted, missing: Sequence[Missing]) -> Blocked:
    """The error for a service that lacks literals without which its code does not start."""
    options = {"--app": wanted.app, "--region": wanted.region, "--endpoint": wanted.endpoint}
    words = ["just", "adopt", wanted.environment, "--service", wanted.service]
    words += [word for option, value in options.items() if value for word in (option, value)]
    if wanted.parameter_path:
        words += ["--parameter-path", wanted.parameter_path]
    words += [word for name, value in wanted.literals.items() for word in ("--literal", f"{name}={value}")]
    asked = " ".join(f"--literal {one.name}=VALUE" for one in missing)
    count = "1 setting has" if len(missing) == 1 else f"{len(missing)} settings have"
    return Blocked(
        f"{count} no value that the service accepts; nothing was written",
        why="\n       ".join(f"{names.variable(one.name)}: {why(one.reason)}" for one in missing),
        fix=f"give each a value: {shlex.join(words)} {asked}",
    )


def _others(path: Path) -> list[Loaded]:
    """The other manifests of the folder. A manifest that has problems is skipped: its own `check` reports them."""
    found: list[Loaded] = []
    for other in sorted(path.parent.glob("*.yaml")):
        try:
            found.append(load(shortest(other)))
        except (InvalidManifest, OSError):
            continue
    return found


def _keep(live: Live, others: Sequence[Loaded]) -> int:
    """How many images the repository keeps: as many as the environments that share it ask for."""
    place = live.place
    for other in others:
        aws, image = other.manifest.aws, other.manifest.image
        if (aws.account, aws.region, aws.endpoint) != (place.account, place.region, place.endpoint):
            continue
        if image.repository == live.source.repository:
            return image.keep
    return KEEP


def _checked(path: Path, text: str) -> Loaded:
    """The new manifest. Raises InvalidManifest with every problem that `check` would report of it."""
    try:
        loaded = parse(text.encode(), path)
        refuse_contract_problems(loaded)
    except InvalidManifest as refused:
        refused.what = f"{refused.what} would be introduced; nothing was written"
        raise
    return loaded


def _look(wanted: Wanted) -> Live:
    session = Session("", wanted.region, wanted.endpoint, keys_in(find_root(Path.cwd()).resolve()))
    session = replace(session, account=session.sts.get_caller_identity()["Account"])
    place = Place(wanted.app, wanted.environment, session.account, wanted.region, wanted.endpoint)
    target = open_target(wanted.target, session)
    service, scalings = target.observe(wanted.service)
    if service is None:
        raise UsageError(
            f"there is no service {wanted.service} in account {place.account}, region {place.region}",
            fix="check the name, the account of these credentials, and --region",
        )
    parts = source(place, wanted.service, service.spec, target.description)
    below = wanted.parameter_path or parameter_path(place, service.spec)
    with ThreadPoolExecutor(1) as pool:
        repository = pool.submit(ecr.read_repository, session.ecr, parts.repository)
        parameters = _parameters(session, below)
        return Live(target.description, place, parts, service, scalings, repository.result(), below, parameters)


def _parameters(session: Session, path: str) -> dict[str, ParameterFact]:
    """Everything below the path. No SecureString is read."""
    described = ssm.describe(session.ssm, path)
    read: dict[str, ParameterFact] = {}
    for batch in ssm.batches([name for name, fact in described.items() if not fact.secure]):
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
