"""`deployer doctor ENV`: run every check, whatever the others find. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from deployer.aws.session import Session
from deployer.core.desired import DesiredImage
from deployer.core.finding import CheckFailed, CheckSkipped, Finding, Reviewers
from deployer.core.machine_finding import ManifestRead
from deployer.diagnostics import account, machine
from deployer.diagnostics.careful import run_carefully
from deployer.diagnostics.local_world import check_local_world
from deployer.environment.contract import refuse_contract_problems
from deployer.environment.readiness import serving
from deployer.environment.site import site_of
from deployer.errors import DeployerError
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.manifest.problem import InvalidManifest
from deployer.project import manifest_path
from deployer.resources.desired import desired_state
from deployer.targets.registry import describe, open_target
from deployer.view.doctor_text import document
from deployer.view.documents.doctor import DoctorDocument
from deployer.view.progress import Reporter
from deployer.world_keys import keys_beside


class DoctorOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


def examine_setup(options: DoctorOptions, report: Reporter) -> DoctorDocument:
    """Run every check. Reads no secret."""
    path = manifest_path(options.environment)
    return DoctorDocument(path.stem, tuple(document(finding, path.stem) for finding in _findings(path, report)))


def _findings(path: Path, report: Reporter) -> Iterator[Finding]:
    root = path.resolve().parent.parent
    yield from run_carefully("tools", lambda: machine.tools(root))
    yield from run_carefully("git", lambda: machine.checkout(root))
    yield from run_carefully("packages", lambda: machine.packages(root))
    read: list[LoadedManifest] = []
    yield from run_carefully("manifest", lambda: _manifest(path, read))
    if not read:
        yield CheckSkipped(about="aws", needs="manifest")
        return
    [loaded] = read
    local = site_of(loaded).names_endpoint
    yield from run_carefully("endpoint", lambda: machine.variables(local=local))
    running: list[str] = []
    if local:
        yield from run_carefully("local world", lambda: check_local_world(loaded, running))
    if local and not running:
        yield CheckSkipped(about="aws", needs="local world")
        return
    yield from _aws(loaded)
    if loaded.manifest.protect.confirm and loaded.manifest.github:
        yield from run_carefully("reviewers", lambda: _reviewers(loaded, report))


def _manifest(path: Path, read: list[LoadedManifest]) -> Iterator[Finding]:
    try:
        loaded = load_manifest(path)
        refuse_contract_problems(loaded)
    except InvalidManifest as invalid:
        first = invalid.problems[0]
        at = f"{first.file}:{first.line}: {first.what}"
        yield ManifestRead(path=str(path), problems=len(invalid.problems), first=at)
    else:
        read.append(loaded)
        yield ManifestRead(path=str(path))


def _reviewers(loaded: LoadedManifest, report: Reporter) -> Iterator[Finding]:
    from deployer.github.reach import token_is_given  # noqa: PLC0415 -- needed only with protect.confirm

    if not token_is_given():
        yield Reviewers(asked=None)
        return
    from deployer.environment.github import asks_reviewers  # noqa: PLC0415 -- httpx is loaded only where a token is given

    try:
        yield Reviewers(asked=asks_reviewers(loaded, report))
    except DeployerError as error:
        yield CheckFailed(about="reviewers", state="unseen", what=error.what, why=error.why, fix=error.fix)


def _aws(loaded: LoadedManifest) -> Iterator[Finding]:
    aws, image = loaded.manifest.aws, loaded.manifest.image
    session = Session(aws.account, aws.region, aws.endpoint, keys_beside(loaded.path))
    target = describe(loaded.manifest.service.target)
    yield from run_carefully("region", lambda: account.region(session, target))
    findings = run_carefully("credentials", lambda: account.credentials(session))
    yield from findings
    if any(finding.state != "ok" for finding in findings):
        yield CheckSkipped(about="account", needs="credentials")
        return
    seen: list[str] = []
    yield from run_carefully("account", lambda: account.identity(session, seen))
    if not seen:
        yield CheckSkipped(about="rights", needs="account")
        return
    desired = desired_state(loaded, DesiredImage(image.repository, "", None, image.keep), target)
    yield from run_carefully(target.title.lower(), lambda: open_target(target.name, session).examine())
    yield from run_carefully("users", lambda: serving(session, loaded))
    yield from run_carefully("rights", lambda: account.rights(session, desired, seen[0]))
