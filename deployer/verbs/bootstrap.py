"""`deployer bootstrap ENV`: prepare an account for deployments."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from deployer.account.requirements import Requirements, requirements_of
from deployer.account.steps import Steps
from deployer.core.desired import DesiredImage
from deployer.environment.consent import Consent
from deployer.environment.contract import refuse_contract_problems
from deployer.environment.holds import refuse_incident
from deployer.environment.open import open_session
from deployer.environment.other_manifests import manifests_of_account
from deployer.environment.protection import check_steps
from deployer.errors import Blocked, UsageError
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.project import manifest_path
from deployer.resources.desired import desired_state
from deployer.run.bootstrap import Bootstrap
from deployer.targets.registry import describe
from deployer.view.bootstrap_commands import Command, commands
from deployer.view.bootstrap_text import blocker_text
from deployer.view.counts import to_fix
from deployer.view.progress import Reporter


class BootstrapOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path. With `preview` nothing is done.

    `as_commands` asks for the commands that someone with permission runs by hand; it makes no AWS call.
    """

    environment: str
    preview: bool = False
    as_commands: bool = False


class AccountCommands(Struct, frozen=True):
    """Everything that an account needs, as commands of the AWS CLI."""

    environment: str
    commands: tuple[Command, ...]


class Preparation(Struct, frozen=True):
    """The steps that prepare an account for an environment. `done` means that they were taken."""

    app: str
    account: str
    region: str
    steps: Steps
    done: bool = False


def prepare_account(
    options: BootstrapOptions, report: Reporter, show: Callable[[Preparation], None], consent: Consent
) -> Preparation | AccountCommands:
    """Show the steps, and take them when that is agreed to.

    Raises Blocked and Refused, having changed nothing, and UsageError for options that contradict each other.
    """
    loaded = load_manifest(manifest_path(options.environment))
    manifest = loaded.manifest
    if options.as_commands:
        if options.preview or consent.approved:
            raise UsageError("--print only prints", fix="leave out --preview and --approve")
        return AccountCommands(manifest.environment, commands(_required(loaded), manifest.aws.endpoint))
    required = _required(loaded)
    session, _ = open_session(loaded)
    run = Bootstrap(session, required, report.step)
    steps = run.decide()
    preparation = Preparation(manifest.app, manifest.aws.account, manifest.aws.region, steps)
    show(preparation)
    _refuse_blocked(steps)
    if options.preview or not steps.steps:
        return preparation
    check_steps(loaded, steps.fingerprint, consent)
    refuse_incident(session, manifest.app, manifest.environment)
    run.carry_out(steps)
    return replace(preparation, done=True)


def _refuse_blocked(steps: Steps) -> None:
    """Raise Blocked, after the steps were shown, when something must be fixed first."""
    if steps.blockers:
        texts = [blocker_text(blocker, steps.environment) for blocker in steps.blockers]
        fixes = "\n       ".join(dict.fromkeys(fix for _, fix in texts))
        raise Blocked(f"{to_fix(len(steps.blockers))}; nothing was changed", fix=fixes)


def _required(loaded: LoadedManifest) -> Requirements:
    """What the manifest needs in its account. Raises UsageError when it has no section `github`."""
    refuse_contract_problems(loaded)
    manifest = loaded.manifest
    image = manifest.image
    if manifest.github is None:
        raise UsageError(
            f"{loaded.path} has no section github, so it names no identity that deploys {manifest.environment}",
            fix="add it, for example:\n"
            f"       github: {{repository: OWNER/NAME, branch: main, credentials: {{kind: oidc, "
            f"role: {manifest.app}-{manifest.environment}-github-actions, managed: true}}}}",
        )
    target = describe(manifest.service.target)
    desired = desired_state(loaded, DesiredImage(image.repository, "", None, image.keep), target)
    line = f"{loaded.path.name}:{loaded.where('github').line}"
    return requirements_of(manifest, manifest.github, desired, line, manifests_of_account(loaded))
