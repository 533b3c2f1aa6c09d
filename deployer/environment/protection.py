"""Check what `protect` in a manifest requires before anything is changed."""

from __future__ import annotations

from pathlib import Path

from deployer import git
from deployer.aws import ledger
from deployer.aws.session import Session
from deployer.core.release import ledger_path
from deployer.environment.committed_manifests import governing
from deployer.environment.consent import Consent
from deployer.environment.open import Environment
from deployer.errors import Refused
from deployer.manifest.committed import Rules, disagreements, rules
from deployer.manifest.load import LoadedManifest, load_manifest, parse
from deployer.manifest.model import Manifest, Protect
from deployer.resources.plan import Plan
from deployer.targets.registry import RECORDED
from deployer.world_keys import keys_beside


def check(environment: Environment, plan: Plan, consent: Consent) -> None:
    """Raise Refused when the manifest's protection is not satisfied; a person is asked last."""
    refuse_another(plan.fingerprint, consent)
    loaded = environment.loaded
    asked = _rules(loaded)
    if plan.rollback_to is None:  # a healthy release has passed all of these, and uses no file of this checkout
        for rule in asked:
            _refuse_unfit(loaded, rule)
            if rule.protect.healthy_in and plan.deployment:
                _healthy_elsewhere(rule.folder / f"{rule.protect.healthy_in}.yaml", plan)
    if any(rule.protect.confirm for rule in asked):
        confirm(plan.environment, plan.fingerprint, consent)


def check_steps(loaded: LoadedManifest, fingerprint: str, consent: Consent) -> None:
    """Check steps with this fingerprint, which are not a deployment, in the same way. Raises Refused."""
    refuse_another(fingerprint, consent)
    asked = _rules(loaded)
    for rule in asked:
        _refuse_unfit(loaded, rule)
    if any(rule.protect.confirm for rule in asked):
        confirm(loaded.manifest.environment, fingerprint, consent)


def refuse_another(fingerprint: str, consent: Consent) -> None:
    """Raise Refused when the approved plan is not the plan with this fingerprint."""
    if consent.approved not in {None, fingerprint}:
        raise Refused(
            f"this plan is {fingerprint}, and {consent.approved} was approved; nothing was changed",
            fix="read this plan, then approve it",
        )


def refuse_unfit_checkout(loaded: LoadedManifest) -> None:
    """Raise Refused where the branch is not allowed, or changes are not committed."""
    for rule in _rules(loaded):
        _refuse_unfit(loaded, rule)


def protections(loaded: LoadedManifest) -> tuple[Protect, ...]:
    """What the file requires, and what each committed manifest of the environment does; all must be satisfied.

    So an uncommitted edit can only add to what protects an environment. Raises Refused for a file that is not the
    committed manifest of its environment and disagrees with it, as an edited copy does.
    """
    return tuple(rule.protect for rule in _rules(loaded))


def _rules(loaded: LoadedManifest) -> tuple[Rules, ...]:
    manifests = governing(loaded)
    other = disagreements(loaded.manifest, manifests.committed)
    if other and not manifests.placed:
        raise Refused(
            f"{loaded.path} is not the committed manifest of {loaded.manifest.environment}; nothing was changed",
            why="; ".join(f"{one.source} has another {', '.join(one.keys)}" for one in other[:3]),
            fix=f"use the manifest that counts: {other[0].source}",
        )
    return rules(loaded, manifests.committed)


def _refuse_unfit(loaded: LoadedManifest, rule: Rules) -> None:
    name, folder, protect = loaded.manifest.environment, loaded.path.resolve().parent, rule.protect
    why = f"declared by {rule.source}" if rule.source else ""
    if protect.branches:
        _branch(folder, name, protect.branches, why)
    if protect.clean_tree and not git.is_clean(folder):
        raise Refused(
            f"{name} takes committed changes only, and this checkout has others (protect.clean_tree)",
            why=why,
            fix="commit or stash them: git status",
        )


def _branch(folder: Path, environment: str, allowed: tuple[str, ...], why: str) -> None:
    branch = git.branch(folder)
    if branch not in allowed:
        raise Refused(
            f"{environment} is deployed from {' or '.join(allowed)}, and this is {branch or 'no branch'}"
            " (protect.branches)",
            why=why,
            fix=f"git switch {allowed[0]}",
        )


def _healthy_elsewhere(manifest: Path, plan: Plan) -> None:
    """Check that a healthy release of the other environment has the same image, by digest."""
    other = load_manifest(manifest).manifest
    _refuse_edited(manifest, other)
    session = Session(other.aws.account, other.aws.region, other.aws.endpoint, keys_beside(manifest))
    session.check()
    releases = ledger.read(session.ssm, ledger_path(other.app, other.environment), RECORDED)
    digest = plan.image.partition("@")[2]
    healthy = {e.release.image.partition("@")[2] for e in releases if e.release.outcome == "healthy"}
    if digest not in healthy:
        raise Refused(
            f"this image was never healthy in {other.environment} (protect.healthy_in)",
            why=f"no healthy release of {other.environment} runs {digest[:19]}",
            fix=f"just reconcile {other.environment}",
        )


def _refuse_edited(path: Path, other: Manifest) -> None:
    """Raise Refused where an uncommitted edit makes protect.healthy_in read the releases of another environment."""
    raw = git.committed(path.resolve().parent, path.name)
    if raw is None:
        return
    committed = parse(raw, path).manifest
    if _ledger(committed) != _ledger(other):
        raise Refused(
            f"{path} is not as committed, and it decides which releases count as healthy (protect.healthy_in)",
            why="app, environment, aws.account, aws.region or aws.endpoint differ",
            fix=f"commit or undo that edit: git diff -- {path}",
        )


def _ledger(manifest: Manifest) -> tuple[str, str, str, str, bool]:
    """The location of an environment's ledger. All local worlds count as the same."""
    aws = manifest.aws
    return manifest.app, manifest.environment, aws.account, aws.region, aws.endpoint is not None


def confirm(name: str, fingerprint: str, consent: Consent) -> None:
    """Raise Refused unless the plan with this fingerprint was approved, or a person types the environment's name."""
    if consent.approved == fingerprint:
        return
    if consent.ask is None:
        raise Refused(
            f"{name} needs a confirmation before anything is changed (protect.confirm), and there is no terminal",
            fix=f"run it in a terminal; or, where this plan was read: --approve {fingerprint}",
        )
    if consent.ask(f"Type the environment's name to apply this plan [{name}]: ").strip() != name:
        raise Refused("not confirmed; nothing was changed")
