"""`deployer adopt ENV --service NAME`: the manifest of what was made by hand. Nothing in AWS is changed."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import to_builtins
from pydantic import ValidationError

from ansari_whatsapp.settings import Settings
from deployer import names
from deployer.aws import ecr, ssm
from deployer.aws.session import Session
from deployer.core.adoption.expected import expected
from deployer.core.adoption.live import Live, Place, parameter_path, source
from deployer.core.adoption.text import manifest_text
from deployer.core.adoption.variables import choose
from deployer.core.facts import ParameterFact
from deployer.errors import UsageError, as_typed
from deployer.manifest.contract import secret_variables, setting_variables
from deployer.manifest.load import parse
from deployer.manifest.model import Aws
from deployer.manifest.problem import InvalidManifest
from deployer.project import find_root, shortest
from deployer.targets.apprunner.target import AppRunner
from deployer.view.documents import Adopted, Omitted

_UNKNOWN_ACCOUNT = "000000000000"
SERVICE = r"[A-Za-z0-9][A-Za-z0-9_-]{3,39}"  # CreateService in App Runner's API reference
HELD = "; the service has it now, and loses it with the next deployment"


@dataclass(frozen=True)
class Wanted:
    """What the command line says. `parameter_path` is None when the service is to tell it."""

    app: str
    environment: str
    service: str
    region: str
    endpoint: str | None
    parameter_path: str | None


def adopt(wanted: Wanted) -> Adopted:
    """Look at the service and its parameters, and write env/ENV.yaml.

    Raises UsageError when it is there already or names are wrong, Blocked when no manifest can describe the service,
    and InvalidManifest when what would be written is no good manifest; nothing is written then.
    """
    path = _new_file(wanted)
    live = _look(wanted)
    taken, left = choose(live, secret_variables(Settings), setting_variables(Settings))
    text = manifest_text(live, taken, left)
    try:
        parse(text.encode(), path)
    except InvalidManifest as refused:
        refused.what = f"{refused.what} would be in it; nothing was written"
        raise
    _write(path, text)
    return Adopted(
        file=str(path),
        environment=wanted.environment,
        account=live.place.account,
        region=live.place.region,
        service=wanted.service,
        parameter_path=live.parameter_path,
        image=live.service.spec.image,
        secrets=tuple(one.name for one in taken if one.value is None),
        literals=tuple(one.name for one in taken if one.value is not None),
        left=tuple(Omitted(one.name, one.why, one.reaches) for one in left),
        expected=expected(live, taken, left),
        mend=tuple(one.mend for one in taken if one.mend),
    )


def show(adopted: Adopted, *, as_json: bool) -> str:
    """What was written, what was left out and why, and what comes next; or JSON."""
    if as_json:
        return json.dumps(to_builtins(adopted), indent=2, ensure_ascii=False)
    name, place = adopted.environment, f"account {adopted.account}, {adopted.region}"
    held = f"{len(adopted.secrets)} secrets, {len(adopted.literals)} literals"
    lines = [f"{adopted.file}: {held}, from service {adopted.service} in {place}"]
    lines += [f"left out: {one.name}: {one.why}{HELD if one.reaches else ''}" for one in adopted.left]
    lines += [f"readable now, and blocks a plan: {command}" for command in adopted.mend]
    then = f"Read it and commit it, then: just check {name}, and: just plan {name}{_of(adopted.image)}"
    return "\n".join([*lines, as_typed(then)])


def _of(image: str) -> str:
    """The option that plans the image that runs now."""
    _, mark, tag = image.rpartition("/")[2].partition(":")
    return f" --image {tag}" if mark and "@" not in image else ""


def _new_file(wanted: Wanted) -> Path:
    for option, name in (("ENV", wanted.environment), ("--app", wanted.app)):
        if why := names.why_not_a_name(name):
            raise UsageError(f"{option} is not a name", why=why, fix="write it like staging, or ansari-whatsapp")
    if not re.fullmatch(SERVICE, wanted.service):
        raise UsageError("--service is no name of an App Runner service", fix="write it like ansari-staging-whatsapp")
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


def _look(wanted: Wanted) -> Live:
    session = Session("", wanted.region, wanted.endpoint)
    session = replace(session, account=session.sts.get_caller_identity()["Account"])
    place = Place(wanted.app, wanted.environment, session.account, wanted.region, wanted.endpoint)
    service, scalings = AppRunner(session.apprunner).observe(wanted.service)
    if service is None:
        raise UsageError(
            f"there is no service {wanted.service} in account {place.account}, region {place.region}",
            fix="check the name, the account of these credentials, and --region",
        )
    parts = source(place, wanted.service, service.spec)
    below = wanted.parameter_path or parameter_path(place, service.spec)
    with ThreadPoolExecutor(1) as pool:
        repository = pool.submit(ecr.read_repository, session.ecr, parts.repository)
        parameters = _parameters(session, below)
        return Live(place, parts, service, scalings, repository.result(), below, parameters)


def _parameters(session: Session, path: str) -> dict[str, ParameterFact]:
    """Everything below the path. Only what is no SecureString is read."""
    described = ssm.describe(session.ssm, path)
    read: dict[str, ParameterFact] = {}
    for batch in ssm.batches([name for name, fact in described.items() if not fact.secure]):
        read |= ssm.read(session.ssm, batch)
    return ssm.together(described, read, ssm.ours(session.ssm, path))


def _write(path: Path, text: str) -> None:
    """Never over a file that somebody else has made meanwhile."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already; nothing was changed", fix="move it away") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written", why=error.strerror or "") from None
