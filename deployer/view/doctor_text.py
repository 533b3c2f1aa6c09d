"""The findings of doctor as text."""

from __future__ import annotations

from typing import Final, assert_never

from deployer.core.account_finding import Account, Clock, Credentials, Region, Rights, RightsNotSimulated, RootUser
from deployer.core.finding import (
    CheckBroken,
    CheckFailed,
    CheckSkipped,
    Finding,
    NotReported,
    NotRunning,
    Reviewers,
    TargetFinding,
    UsersServed,
    UserTrouble,
)
from deployer.core.machine_finding import (
    CheckedOut,
    Endpoint,
    ManifestRead,
    Packages,
    PythonVersion,
    Tool,
    WorldRuns,
    WorldStopped,
)
from deployer.errors import as_typed
from deployer.view.counts import counted
from deployer.view.details import filled_fields
from deployer.view.documents.doctor import DoctorDocument, FindingDocument
from deployer.view.github_text import UNREVIEWED
from deployer.view.health_text import backlog, trouble_text
from deployer.view.safe import one_line

STATES: Final = {"ok": "ok", "note": "note", "problem": "problem", "unseen": "not checked"}
MISSING_TOOL: Final = {
    "just": "not found: recipes run as ./just in the project's directory",
    "images": "none of docker, podman, buildah works: only building an image needs one",
    "aws cli": "not found: only `aws sso login` needs it",
}
FIRST: Final = {
    "manifest": "the manifest names the account: fix it first",
    "local world": "the local world does not run",
    "credentials": "not checked without credentials",
    "account": "the credentials must belong to the manifest's account first",
}


def render(diagnosis: DoctorDocument) -> str:
    """A line for each finding with its fix below."""
    wide = max(len(finding.about) for finding in diagnosis.findings)
    lines = [f"doctor / {diagnosis.environment}"]
    for finding in diagnosis.findings:
        lines.append(f"  {STATES[finding.state].ljust(13)}  {finding.about.ljust(wide)}  {one_line(finding.says)}")
        first, *more = as_typed(finding.fix).split("\n")
        lines += [f"{' ' * 17}fix: {first}"] if first else []
        lines += [f"{' ' * 22}{line}" for line in more]
    count = sum(finding.state == "problem" for finding in diagnosis.findings)
    lines.append(f"{counted(count, 'problem')} to fix." if count else "No problem found.")
    return "\n".join(lines)


def document(finding: Finding, environment: str) -> FindingDocument:
    """A finding for programs, with its text."""
    text, fix = finding_text(finding, environment)
    kind, own = type(finding).__name__, filled_fields(finding, {"about", "state"})
    if isinstance(finding, UserTrouble):
        kind, own = type(finding.trouble).__name__, filled_fields(finding.trouble)
    return FindingDocument(finding.about, finding.state, text, fix, kind, own)


def finding_text(finding: Finding, environment: str) -> tuple[str, str]:  # noqa: C901 -- each kind of finding
    """What a check found in an environment, and its fix; "" where nothing has to be done."""
    match finding:
        case CheckFailed():
            return f"{finding.what}: {finding.why}" if finding.why else finding.what, finding.fix
        case CheckBroken():
            return f"the check itself failed: {finding.error}", "this is a defect: please report it"
        case CheckSkipped():
            return FIRST[finding.needs], ""
        case PythonVersion():
            return finding.version, ""
        case Tool():
            return finding.found or "; ".join([MISSING_TOOL[finding.about], *finding.broken]), ""
        case CheckedOut():
            return f"commit {finding.commit[:12]}", ""
        case Packages():
            return _packages(finding)
        case ManifestRead():
            if finding.problems:
                count = counted(finding.problems, "problem")
                return f"{count} to fix, first {finding.first}", f"just check {finding.path}"
            return f"{finding.path} is good", ""
        case Endpoint():
            return _endpoint(finding)
        case WorldRuns():
            return f"runs: {finding.summary}", ""
        case WorldStopped():
            ports = ", ".join(map(str, finding.ports))
            return f"does not run; its ports {ports} are free", f"start it with: just up {environment}"
        case Reviewers():
            if finding.asked is None:
                return "GITHUB_TOKEN is not set, so GitHub is not asked for required reviewers", ""
            asked = f"GitHub asks the reviewers of {environment} before a deployment"
            return asked if finding.asked else UNREVIEWED, ""
        case Region():
            if finding.state == "ok":
                return f"{finding.title} is offered in {finding.region}", ""
            others = ", ".join(sorted(finding.offered))
            return f"{finding.title} is not offered in {finding.region}", f"choose another aws.region: {others}"
        case Credentials():
            none = ("none found", "log in, for example with: aws sso login")
            return (finding.source, "") if finding.source else none
        case Clock():
            return _clock(finding)
        case Account():
            return _account(finding)
        case TargetFinding():
            return finding.text, finding.fix
        case UserTrouble():
            trouble = trouble_text(finding.trouble, environment)
            return trouble.what, trouble.fix
        case UsersServed():
            counts = backlog(finding.waiting, finding.given_up, finding.oldest_seconds)
            return f"can be served; messages: {counts or 'not counted'}", ""
        case NotRunning():
            return f"not served: the service is {finding.status or 'not there'}", ""
        case NotReported():
            if finding.path:
                return f"the service does not report at {finding.path} whether it can serve users", ""
            return f"{finding.file} names no page where the service reports its readiness", ""
        case Rights():
            return _rights(finding)
        case RootUser():
            return "this is the account's root user, who may do everything: use a role instead", ""
        case RightsNotSimulated():
            return _not_simulated(finding), ""
        case _:
            assert_never(finding)


def _packages(finding: Packages) -> tuple[str, str]:
    if finding.locked is None:
        return f"there is no {finding.file} to compare with", ""
    if finding.differing:
        differing = [
            f"{name} {finding.installed[name] or 'is missing'}, locked {locked}"
            for name, locked in finding.differing.items()
        ]
        return "; ".join(differing), "remove .venv/.requirements.lock, then: just check (it installs them)"
    return ", ".join(f"{name} {version}" for name, version in finding.installed.items()), ""


def _endpoint(finding: Endpoint) -> tuple[str, str]:
    names = ", ".join(finding.variables)
    if not names:
        return "no AWS_ENDPOINT_URL is set", ""
    if finding.local:
        return f"{names}: set, and not used, because the manifest names its own", ""
    unset = f"unset {' '.join(finding.variables)}, or name the endpoint as aws.endpoint in the manifest"
    return f"{names}: set, but the manifest names no endpoint", unset


def _clock(finding: Clock) -> tuple[str, str]:
    if finding.ahead is None:
        return "the answer of AWS has no readable Date", ""
    if finding.state == "ok":
        return "within five minutes of AWS's", ""
    way = "ahead of" if finding.ahead > 0 else "behind"
    off = f"{counted(round(abs(finding.ahead) / 60), 'minute')} {way} AWS's"
    return (
        f"{off}, which refuses signatures that are off by more than five",
        "set this machine's clock, for example with: sudo timedatectl set-ntp true",
    )


def _account(finding: Account) -> tuple[str, str]:
    if finding.state == "ok":
        return f"{finding.live}, as {finding.who}", ""
    return (
        f"these credentials belong to account {finding.live}, the manifest names {finding.desired}",
        "use the credentials of the manifest's account, or correct aws.account in the manifest",
    )


def _rights(finding: Rights) -> tuple[str, str]:
    if not finding.denied:
        return "allowed", ""
    actions = ", ".join(need.action for need in finding.denied)
    statements = "\n".join(need.statement for need in finding.denied)
    return f"not allowed: {actions}", f"add to a policy of these credentials:\n{statements}"


def _not_simulated(finding: RightsNotSimulated) -> str:
    why = finding.error
    if finding.caller:
        why = f"IAM simulates users and roles only, not {finding.caller}"
    elif finding.refused:
        why = f"these credentials may not call {finding.refused}"
    return f"{why}; the missing action is read from the error when a call is refused"
