"""`deployer secret unset ENV NAME`: delete a secret with all its versions."""

from __future__ import annotations

from msgspec import Struct

from deployer import names
from deployer.aws import ssm
from deployer.environment.consent import Consent
from deployer.environment.holds import refuse_incident
from deployer.environment.open import open_session
from deployer.environment.other_manifests import refuse_shared
from deployer.errors import Refused, UsageError
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path


class UnsetOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `name` that of a secret or its variable."""

    environment: str
    name: str


class DeletedSecret(Struct, frozen=True):
    """A secret that was deleted."""

    name: str


def delete_secret(options: UnsetOptions, consent: Consent) -> DeletedSecret:
    """Delete a secret with its history, after its name was typed. The manifest need not name it any more.

    Raises Refused without that, and UsageError when it does not exist or lacks the deployer's tag.
    """
    loaded = load_manifest(manifest_path(options.environment))
    name = options.name if names.why_not_a_variable(options.name) else names.parameter(options.name)
    if reason := names.why_not_a_name(name):
        raise UsageError("this is not a secret's name", why=reason, fix="write it like meta-app-secret")
    aws = loaded.manifest.aws
    refuse_shared(loaded)
    session, _ = open_session(loaded)
    refuse_incident(session, loaded.manifest.app, loaded.manifest.environment)
    path = names.join(aws.parameter_path, name)
    stored = ssm.describe(session.ssm, aws.parameter_path).get(path)
    if stored is None or not stored.secure:
        raise UsageError(
            f"no secret of this name is below {aws.parameter_path}",
            fix=f"just secret list {loaded.manifest.environment}",
        )
    if not ssm.carries_tag(session.ssm, path):
        raise UsageError(
            f"{path} was not created by the deployer, which leaves it alone", fix="delete it in AWS yourself"
        )
    loss = f"{path} (version {stored.version}) goes with all its versions, and no rollback can bring it back"
    if name in loaded.manifest.variables:
        loss += f".\n{loaded.path} names it: the service cannot start until it is set again"
    _refuse_unconfirmed(name, loss, consent)
    ssm.delete(session.ssm, path)
    return DeletedSecret(name)


def _refuse_unconfirmed(name: str, loss: str, consent: Consent) -> None:
    """Raise Refused unless the secret's name was typed, or given with --approve. `loss` is what is lost."""
    if consent.approved is not None:
        typed = consent.approved
    elif consent.ask is not None:
        typed = consent.ask(f"{loss}.\nType {name} to delete it: ").strip()
    else:
        raise Refused(
            f"{name} was not deleted", why=loss, fix=f"--approve {name} confirms it where there is no terminal"
        )
    if typed != name:
        raise Refused(f"{name} was not deleted", why="its name was not typed", fix="nothing was changed")
