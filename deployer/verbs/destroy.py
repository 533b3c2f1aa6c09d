"""`deployer destroy ENV`: delete an environment, after showing what is deleted and what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from deployer.environment.consent import Consent
from deployer.environment.holds import refuse_incident
from deployer.environment.open import open_environment
from deployer.environment.other_manifests import manifests_of_account
from deployer.environment.protection import protections
from deployer.errors import Refused
from deployer.manifest.load import LoadedManifest
from deployer.resources.registry import KINDS
from deployer.resources.removal import RemovalOptions, Removals
from deployer.run.destroy import Destruction, refuse_unready
from deployer.view.progress import Reporter


class DestroyOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path; its secrets and its repository of images are deleted on request."""

    environment: str
    with_secrets: bool = False
    with_repository: bool = False


class DestroyResult(Struct, frozen=True):
    """What was deleted of an environment, and what is kept."""

    environment: str
    removals: Removals


def destroy_environment(
    options: DestroyOptions, report: Reporter, show: Callable[[Removals], None], consent: Consent
) -> DestroyResult:
    """Delete what is left of the environment, after it was shown and agreed to.

    The approval is the service's name. Raises Refused without it, and, before the first AWS call about it, for a
    protected environment.
    """
    environment = open_environment(options.environment, report, start=False)
    _refuse_protected(environment.loaded)
    desired = environment.desired
    refuse_incident(environment.session, desired.app, desired.environment)
    asked = RemovalOptions(secrets=options.with_secrets, repository=options.with_repository)
    destruction = Destruction(environment.run, asked, dict(_shared(environment.loaded)))
    removals = destruction.decide()
    if removals.deleted or removals.unready:
        show(removals)
        refuse_unready(removals, desired.environment)
        _refuse_unconfirmed(desired.environment, desired.service_name, consent)
        destruction.carry_out(removals)
    return DestroyResult(desired.environment, removals)


def _refuse_unconfirmed(environment: str, service: str, consent: Consent) -> None:
    """Raise Refused unless the service's name was typed or given with --approve."""
    if consent.approved is not None:
        typed = consent.approved
    elif consent.ask is not None:
        typed = consent.ask(f"Type the service's name to delete this [{service}]: ")
    else:
        again = f"just destroy {environment} --approve {service}"
        raise Refused("no terminal to confirm at; nothing was deleted", fix=again)
    if typed.strip() != service:
        raise Refused("not confirmed; nothing was deleted", why=f"the service's name is {service}")


def _refuse_protected(loaded: LoadedManifest) -> None:
    manifest = loaded.manifest
    for protect in protections(loaded):
        if protect.confirm or protect.healthy_in:
            key = "confirm" if protect.confirm else "healthy_in"
            none = "false" if protect.confirm else "nothing"
            raise Refused(
                f"{manifest.environment} is protected and is not destroyed (protect.{key})",
                why="protection is loosened by a commit, never by an option",
                fix=f"set protect.{key} to {none} in {loaded.path}, and commit that",
            )


def _shared(loaded: LoadedManifest) -> Iterator[tuple[str, str]]:
    """Everything that another manifest of the same account names, such as a role, with that environment."""
    region = loaded.manifest.aws.region
    for other in manifests_of_account(loaded):
        yield from ((name, other.environment) for kind in KINDS for name in kind.named(other, region))
