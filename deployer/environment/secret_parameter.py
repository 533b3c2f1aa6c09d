"""A secret that a manifest names: its location in SSM, and how a value is written there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from deployer import names
from deployer.apps.settings import settings_class
from deployer.aws import ssm
from deployer.aws.session import Session
from deployer.core.observed import ObservedParameter
from deployer.core.release import ledger_path, replaced_path
from deployer.core.secret import SecretValue
from deployer.environment.holds import refuse_incident
from deployer.environment.open import open_session
from deployer.environment.other_manifests import refuse_shared
from deployer.environment.site import site_of
from deployer.errors import UsageError
from deployer.manifest.contract import refused_secrets
from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import LiteralVariable, SecretVariable

MAXIMUM_BYTES = 4096  # a standard parameter's value (AWS Systems Manager user guide, "Managing parameter tiers")


def secrets_of(loaded: LoadedManifest) -> dict[str, SecretVariable]:
    """The secrets of a manifest by name."""
    return {name: one for name, one in loaded.manifest.variables.items() if isinstance(one, SecretVariable)}


def secret_of(loaded: LoadedManifest, name: str) -> tuple[str, SecretVariable]:
    """The secret with this parameter or variable name. Raises UsageError.

    The error does not repeat the name: where the name was left out, the value is in its position.
    """
    name = name if names.why_not_a_variable(name) else names.parameter(name)
    known = secrets_of(loaded)
    if name not in known:
        raise UsageError(f"{loaded.path} names no such secret", fix=f"use one of: {', '.join(known)}")
    return name, known[name]


class SecretParameter(Struct, frozen=True):
    """A secret of a manifest, and where SSM has it."""

    loaded: LoadedManifest
    session: Session
    name: str
    secret: SecretVariable

    @classmethod
    def open(cls, loaded: LoadedManifest, name: str) -> SecretParameter:
        """Open a secret. Raises UsageError when the manifest has no such secret.

        Raises InvalidManifest when another manifest claims the parameters, and Refused for credentials of another
        account.
        """
        name, secret = secret_of(loaded, name)
        refuse_shared(loaded)
        session, _ = open_session(loaded)
        refuse_incident(session, loaded.manifest.app, loaded.manifest.environment)
        return cls(loaded, session, name, secret)

    @property
    def path(self) -> str:
        """The path of the parameter."""
        return names.join(self.loaded.manifest.aws.parameter_path, self.name)

    def read(self) -> ObservedParameter | None:
        """What SSM holds, without the value."""
        return ssm.read(self.session.ssm, [self.path]).get(self.path)

    def reveal(self) -> SecretValue | None:
        """The value; None when there is no parameter."""
        return ssm.reveal(self.session.ssm, [self.path]).get(self.path)

    def write(self, value: SecretValue) -> int:
        """Write a new version and return it. A plain parameter is recreated, because an overwrite changes no type."""
        description, existing, manifest = self.secret.description or "", self.read(), self.loaded.manifest
        if existing is None:
            return ssm.put(self.session.ssm, self.path, value, description, create=True)
        if existing.secure:
            described = ssm.describe(self.session.ssm, manifest.aws.parameter_path).get(self.path, existing)
            return ssm.put(self.session.ssm, self.path, value, description, create=False, tier=described.tier)
        kept = replaced_path(ledger_path(manifest.app, manifest.environment), self.name)
        pause = site_of(self.loaded).recreation_seconds
        return ssm.recreate(self.session.ssm, self.path, value, description, kept=kept, pause=pause)


class WrittenSecret(Struct, frozen=True):
    """The outcome of a write: `did` is "same" where nothing was written. `version` is the one that SSM holds now."""

    environment: str
    name: str
    did: Literal["same", "set", "made", "replaced"]
    version: int


def checked(text: str, *, hide: bool = True) -> SecretValue:
    """The secret without one trailing newline, which a pipe or an editor adds. Raises UsageError."""
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise UsageError("the value is empty; nothing was changed")
    if len(text.encode()) > MAXIMUM_BYTES:
        raise UsageError(f"the value has more than {MAXIMUM_BYTES} bytes, which SSM does not take; nothing was changed")
    return SecretValue(text, hide=hide)


def refuse_unusable(
    loaded: LoadedManifest, values: Mapping[str, SecretValue], beside: Mapping[str, SecretValue] | None = None
) -> None:
    """Raise UsageError, naming every secret with whose value the service would not start.

    `beside` holds the other known secrets, because some must differ from each other.
    """
    variables = loaded.manifest.variables
    literals = {names.variable(name): one.text for name, one in variables.items() if isinstance(one, LiteralVariable)}
    together = {names.variable(name): value for name, value in {**(beside or {}), **values}.items()}
    refused = refused_secrets(settings_class(loaded.app, loaded.root), literals, together)
    if refused := {v: reason for v, reason in refused.items() if not v or names.parameter(v) in values}:
        why = "\n       ".join(f"{variable}: {reason}" if variable else reason for variable, reason in refused.items())
        raise UsageError(
            "the service would not start with this; nothing was changed", why=why, fix="give another value"
        )
