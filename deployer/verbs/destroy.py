"""`deployer destroy ENV`: delete an environment, after showing what is deleted and what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from msgspec import to_builtins

from deployer.core.removal import DestroyOptions, Removals
from deployer.environment.holds import refuse_incident
from deployer.environment.open import Environment
from deployer.environment.other_manifests import other_manifests
from deployer.environment.protection import protections
from deployer.errors import Refused
from deployer.manifest.load import Loaded
from deployer.run.destroy import Destruction
from deployer.view.documents import DestroyDocument, RemainingDocument


def destroy(
    environment: Environment,
    options: DestroyOptions,
    *,
    agree: Callable[[Removals], None],
) -> Removals:
    """Delete what is left of the environment, after `agree` was shown it. Returns what is deleted and what is kept.

    `agree` raises Refused when the user declines. Raises Refused for a protected environment, before the first AWS call
    about it.
    """
    _refuse_protected(environment.loaded)
    refuse_incident(environment.session, environment.desired.app, environment.desired.environment)
    destruction = Destruction(environment.run, options, dict(_shared(environment.loaded)))
    found = destruction.decide()
    if found.deleted:
        agree(found)
        destruction.carry_out(found)
    return found


def consent(environment: Environment, approve: str | None, ask: Callable[[str], str] | None) -> None:
    """Ask for the service's name, typed or given with --approve. Raises Refused for any other answer."""
    name = environment.desired.service_name
    if approve is None and ask is None:
        again = f"just destroy {environment.desired.environment} --approve {name}"
        raise Refused("no terminal to confirm at; nothing was deleted", fix=again)
    typed = approve if approve is not None else ask(f"Type the service's name to delete this [{name}]: ") if ask else ""
    if typed.strip() != name:
        raise Refused("not confirmed; nothing was deleted", why=f"the service's name is {name}")


def show(found: Removals) -> str:
    """What is deleted and what is kept, a line each."""
    title = "Will be deleted:" if found.deleted else "Nothing is left to delete."
    gone = [f"  - {one.kind:<10}  {one.name}{f'   {one.note}' if one.note else ''}" for one in found.deleted]
    kept = [f"  = {one.kind:<10}  {one.name}   {one.why}" for one in found.kept]
    return "\n".join([title, *gone, "Stays:", *kept])


def as_json(found: Removals, environment: str) -> str:
    return json.dumps(
        to_builtins(
            DestroyDocument(
                environment=environment,
                deleted=tuple(RemainingDocument(one.kind, one.name, one.note) for one in found.deleted),
                kept=tuple(RemainingDocument(one.kind, one.name, one.why) for one in found.kept),
            )
        ),
        indent=2,
    )


def _refuse_protected(loaded: Loaded) -> None:
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


def _shared(loaded: Loaded) -> Iterator[tuple[str, str]]:
    """Every role and repository that another manifest of the same account names, with that environment."""
    aws = loaded.manifest.aws
    for other in other_manifests(loaded):
        yield from ((role, other.environment) for role in other.service.role_names.values())
        if other.aws.region == aws.region:
            yield other.image.repository, other.environment
