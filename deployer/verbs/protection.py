"""What `protect` in a manifest asks for before anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deployer import git
from deployer.aws import ledger
from deployer.aws.session import Session
from deployer.core.plan import Plan
from deployer.core.release import ledger_path
from deployer.errors import Refused
from deployer.manifest.load import Loaded, load, parse
from deployer.manifest.model import Protect
from deployer.manifest.problem import InvalidManifest
from deployer.verbs.environment import Environment


@dataclass(frozen=True)
class Consent:
    """How a plan is agreed to.

    `ask` puts a question to a person; None means that nobody is there. `approved` is the fingerprint of a plan that
    somebody has looked at.
    """

    ask: Callable[[str], str] | None = None
    approved: str | None = None


def check(environment: Environment, plan: Plan, consent: Consent) -> None:
    """Raises Refused when the manifest's protection is not satisfied; a person is asked last."""
    refuse_another(plan.fingerprint, consent)
    loaded = environment.loaded
    asked = protections(loaded)
    if plan.rollback_to is None:  # a release that was healthy here has passed all of these, and takes no file from here
        for protect in asked:
            _refuse_unfit(loaded, protect)
            if protect.healthy_in and plan.deployment:
                _healthy_elsewhere(loaded.path.resolve().parent / f"{protect.healthy_in}.yaml", plan)
    if any(protect.confirm for protect in asked):
        confirm(plan.environment, plan.fingerprint, consent)


def check_steps(loaded: Loaded, fingerprint: str, consent: Consent) -> None:
    """The same for what is no deployment: steps with this fingerprint. Raises Refused."""
    refuse_another(fingerprint, consent)
    refuse_unfit_checkout(loaded)
    if any(protect.confirm for protect in protections(loaded)):
        confirm(loaded.manifest.environment, fingerprint, consent)


def refuse_another(fingerprint: str, consent: Consent) -> None:
    """Raises Refused when another plan than the one of this fingerprint was approved."""
    if consent.approved not in {None, fingerprint}:
        raise Refused(
            f"this plan is {fingerprint}, and {consent.approved} was approved; nothing was changed",
            fix="look at this plan, then approve it",
        )


def refuse_unfit_checkout(loaded: Loaded) -> None:
    """Raises Refused where the branch is another one than allowed, or changes are not committed."""
    for protect in protections(loaded):
        _refuse_unfit(loaded, protect)


def protections(loaded: Loaded) -> tuple[Protect, ...]:
    """What the file asks for and, where that is something else, what the commit does: both have to be satisfied.

    So an edit that nobody has committed can only add to what protects an environment.
    """
    path, here = loaded.path.resolve(), loaded.manifest.protect
    raw = git.committed(path.parent, path.name)
    if raw is None:
        return (here,)
    try:
        there = parse(raw, loaded.path).manifest.protect
    except InvalidManifest:
        return (here,)
    return (here,) if there == here else (here, there)


def _refuse_unfit(loaded: Loaded, protect: Protect) -> None:
    name, folder = loaded.manifest.environment, loaded.path.resolve().parent
    if protect.branches:
        _branch(folder, name, protect.branches)
    if protect.clean_tree and not git.is_clean(folder):
        raise Refused(
            f"{name} takes committed changes only, and this checkout has others (protect.clean_tree)",
            fix="commit or stash them: git status",
        )


def _branch(folder: Path, environment: str, allowed: tuple[str, ...]) -> None:
    branch = git.branch(folder)
    if branch not in allowed:
        raise Refused(
            f"{environment} is deployed from {' or '.join(allowed)}, and this is {branch or 'no branch'}"
            " (protect.branches)",
            fix=f"git switch {allowed[0]}",
        )


def _healthy_elsewhere(manifest: Path, plan: Plan) -> None:
    """The same image, by digest, has to be in a healthy release of the other environment."""
    other = load(manifest).manifest
    session = Session(other.aws.account, other.aws.region, other.aws.endpoint)
    session.check()
    releases = ledger.read(session.ssm, ledger_path(other.app, other.environment))
    digest = plan.image.partition("@")[2]
    healthy = {e.release.image.partition("@")[2] for e in releases if e.release.outcome == "healthy"}
    if digest not in healthy:
        raise Refused(
            f"this image was never healthy in {other.environment} (protect.healthy_in)",
            why=f"no healthy release of {other.environment} runs {digest[:19]}",
            fix=f"just reconcile {other.environment}",
        )


def confirm(name: str, fingerprint: str, consent: Consent) -> None:
    """Raises Refused unless the plan of this fingerprint was approved, or a person types the environment's name."""
    if consent.approved == fingerprint:
        return
    if consent.ask is None:
        raise Refused(
            f"{name} asks a person before anything is changed (protect.confirm), and there is no terminal",
            fix=f"run it on a terminal; or, where this plan was looked at: --approve {fingerprint}",
        )
    if consent.ask(f"Type the environment's name to apply this plan [{name}]: ").strip() != name:
        raise Refused("not confirmed; nothing was changed")
