"""`deployer doctor ENV`: run every check, whatever the others find. It changes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import to_builtins

from deployer.aws.session import Session
from deployer.core.desired import DesiredImage
from deployer.core.diagnosis import Finding
from deployer.diagnostics import account, machine
from deployer.diagnostics.careful import careful
from deployer.diagnostics.local_world import local_world
from deployer.environment.contract import refuse_contract_problems
from deployer.environment.readiness import serving
from deployer.environment.site import site_of
from deployer.errors import DeployerError, as_typed
from deployer.manifest.load import Loaded, load
from deployer.manifest.problem import InvalidManifest
from deployer.resources.desired import desired_state
from deployer.targets.registry import describe, open_target
from deployer.view.counts import counted
from deployer.view.documents import DoctorDocument
from deployer.view.progress import Reporter
from deployer.view.safe import one_line
from deployer.world_keys import keys_beside

STATES = {"ok": "ok", "note": "note", "problem": "problem", "unseen": "not checked"}


def examine(path: Path) -> DoctorDocument:
    """Run every check. Reads no secret."""
    return DoctorDocument(path.stem, tuple(_looks(path)))


def show(found: DoctorDocument, *, as_json: bool) -> str:
    """A line for each finding with its fix below, or JSON."""
    if as_json:
        return json.dumps(to_builtins(found), indent=2)
    wide = max(len(finding.about) for finding in found.findings)
    lines = [f"doctor / {found.environment}"]
    for finding in found.findings:
        lines.append(f"  {STATES[finding.state].ljust(13)}  {finding.about.ljust(wide)}  {one_line(finding.says)}")
        first, *more = as_typed(finding.fix).split("\n")
        lines += [f"{' ' * 17}fix: {first}"] if first else []
        lines += [f"{' ' * 22}{line}" for line in more]
    count = sum(finding.state == "problem" for finding in found.findings)
    lines.append(f"{counted(count, 'problem')} to fix." if count else "No problem found.")
    return "\n".join(lines)


def _looks(path: Path) -> Iterator[Finding]:
    root = path.resolve().parent.parent
    yield from careful("tools", lambda: machine.tools(root))
    yield from careful("git", lambda: machine.checkout(root))
    yield from careful("packages", lambda: machine.packages(root))
    read: list[Loaded] = []
    yield from careful("manifest", lambda: _manifest(path, read))
    if not read:
        yield Finding("aws", "unseen", "the manifest names the account: fix it first")
        return
    [loaded] = read
    local = site_of(loaded).names_endpoint
    yield from careful("endpoint", lambda: machine.variables(local=local))
    running: list[str] = []
    if local:
        yield from careful("local world", lambda: local_world(loaded, running))
    if local and not running:
        yield Finding("aws", "unseen", "the local world does not run")
        return
    yield from _aws(loaded)
    if loaded.manifest.protect.confirm and loaded.manifest.github:
        yield from careful("reviewers", lambda: _reviewers(loaded))


def _manifest(path: Path, read: list[Loaded]) -> Iterator[Finding]:
    try:
        loaded = load(path)
        refuse_contract_problems(loaded)
    except InvalidManifest as invalid:
        first = invalid.problems[0]
        says = f"{counted(len(invalid.problems), 'problem')} to fix, first {first.file}:{first.line}: {first.what}"
        yield Finding("manifest", "problem", says, f"just check {path}")
    else:
        read.append(loaded)
        yield Finding("manifest", "ok", f"{path} is good")


def _reviewers(loaded: Loaded) -> Iterator[Finding]:
    from deployer.core.github.plan import UNREVIEWED  # noqa: PLC0415 -- needed only with protect.confirm
    from deployer.github.reach import token_is_given  # noqa: PLC0415

    if not token_is_given():
        yield Finding("reviewers", "unseen", "GITHUB_TOKEN is not set, so GitHub is not asked for required reviewers")
        return
    from deployer.environment.github import asks_reviewers  # noqa: PLC0415 -- httpx is loaded only where a token is given

    name = loaded.manifest.environment
    try:
        asked = asks_reviewers(loaded, Reporter(sys.stderr))
    except DeployerError as error:
        yield Finding("reviewers", "unseen", f"{error.what}{f' ({error.why})' if error.why else ''}", error.fix)
        return
    if asked:
        yield Finding("reviewers", "ok", f"GitHub asks the reviewers of {name} before a deployment")
    else:
        yield Finding("reviewers", "problem", UNREVIEWED)


def _aws(loaded: Loaded) -> Iterator[Finding]:
    aws, image = loaded.manifest.aws, loaded.manifest.image
    session = Session(aws.account, aws.region, aws.endpoint, keys_beside(loaded.path))
    target = describe(loaded.manifest.service.target)
    yield from careful("region", lambda: account.region(session, target))
    found = careful("credentials", lambda: account.credentials(session))
    yield from found
    if any(finding.state != "ok" for finding in found):
        yield Finding("account", "unseen", "not checked without credentials")
        return
    seen: list[str] = []
    yield from careful("account", lambda: account.identity(session, seen))
    if not seen:
        yield Finding("rights", "unseen", "the credentials must belong to the manifest's account first")
        return
    desired = desired_state(loaded, DesiredImage(image.repository, "", None, image.keep), target)
    yield from careful(target.title.lower(), lambda: open_target(target.name, session).examine())
    yield from careful("users", lambda: serving(session, loaded))
    yield from careful("rights", lambda: account.rights(session, desired, seen[0]))
