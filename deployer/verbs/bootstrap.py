"""`deployer bootstrap ENV`: prepare an account for deployments."""

from __future__ import annotations

import json
from collections.abc import Callable

from msgspec import to_builtins

from deployer.account.finding import Blocker
from deployer.account.requirements import Requirements, requirements_of
from deployer.account.steps import Steps
from deployer.core.desired import DesiredImage
from deployer.environment.contract import refuse_contract_problems
from deployer.environment.holds import refuse_incident
from deployer.environment.open import open_session
from deployer.environment.other_manifests import other_manifests
from deployer.errors import Blocked, UsageError
from deployer.manifest.load import Loaded
from deployer.resources.desired import desired_state
from deployer.run.bootstrap import Bootstrap
from deployer.targets.registry import describe
from deployer.view.bootstrap_commands import commands, script
from deployer.view.bootstrap_text import blocker_text, detail, note_text, render
from deployer.view.cause_text import reasons
from deployer.view.counts import to_fix
from deployer.view.details import details
from deployer.view.documents.bootstrap import BootstrapCommand, BootstrapCommands, BootstrapDocument, BootstrapStep
from deployer.view.documents.problem import ProblemDocument
from deployer.view.progress import Reporter


def needed(loaded: Loaded) -> Requirements:
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
    return requirements_of(manifest, manifest.github, desired, line, other_manifests(loaded))


def printed(loaded: Loaded, *, as_json: bool) -> str:
    """All steps as documents and lines of the AWS CLI. Makes no AWS call."""
    manifest = loaded.manifest
    made = commands(needed(loaded), manifest.aws.endpoint)
    if not as_json:
        return script(made)
    told = tuple(BootstrapCommand(one.about, one.document, one.lines) for one in made)
    return json.dumps(to_builtins(BootstrapCommands(manifest.environment, told)), indent=2)


def bootstrap(loaded: Loaded, report: Reporter, *, agree: Callable[[Steps], bool]) -> tuple[Steps, bool]:
    """Take the steps, after `agree` was shown them and said yes. Returns them, and whether they were taken.

    Raises Blocked, having changed nothing, when something must be fixed first.
    """
    asked = needed(loaded)
    session, _ = open_session(loaded)
    run = Bootstrap(session, asked, report.step)
    found = run.decide()
    agreed = agree(found)
    if found.blockers:
        texts = [blocker_text(blocker, found.environment) for blocker in found.blockers]
        fixes = "\n       ".join(dict.fromkeys(fix for _, fix in texts))
        raise Blocked(f"{to_fix(len(found.blockers))}; nothing was changed", fix=fixes)
    if not agreed or not found.steps:
        return found, False
    refuse_incident(session, loaded.manifest.app, loaded.manifest.environment)
    run.carry_out(found)
    return found, True


def show(loaded: Loaded, found: Steps) -> str:
    manifest = loaded.manifest
    title = f"{manifest.app} / {manifest.environment}   account {manifest.aws.account}  {manifest.aws.region}"
    return render(found, title=title)


def _problem(blocker: Blocker, environment: str) -> ProblemDocument:
    what, fix = blocker_text(blocker, environment)
    return ProblemDocument(what, fix, blocker.line, type(blocker).__name__, details(blocker, {"line"}))


def as_json(found: Steps, *, done: bool) -> str:
    return json.dumps(
        to_builtins(
            BootstrapDocument(
                environment=found.environment,
                fingerprint=found.fingerprint,
                done=done,
                steps=tuple(
                    BootstrapStep(s.symbol, s.address, detail(s), reasons(s.causes), s.line) for s in found.steps
                ),
                settled=tuple(one.address for one in found.settled),
                blockers=tuple(_problem(blocker, found.environment) for blocker in found.blockers),
                notes=tuple(note_text(note, found) for note in found.notes),
            )
        ),
        indent=2,
    )
