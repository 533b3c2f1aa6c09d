"""What blocks a plan about the parameters and their values."""

from __future__ import annotations

from deployer.core.blocker import BaseBlocker


class ParameterInUse(BaseBlocker, frozen=True):
    """A parameter would be recreated, and containers that start meanwhile would not find it.

    `name` is its name in the manifest.
    """

    variable: str
    name: str


class UnsetSecret(BaseBlocker, frozen=True):
    """A secret has no value, and the deployer cannot make one."""

    variable: str
    name: str


class ReadableSecret(BaseBlocker, frozen=True):
    """A secret is a plain parameter of `type`, and the deployer cannot replace its value."""

    variable: str
    name: str
    type: str


class LostSecretVersion(BaseBlocker, frozen=True):
    """The version of a secret that a rollback would bring back no longer exists.

    `readable` means that its parameter is a plain parameter now.
    """

    variable: str
    name: str
    version: int
    readable: bool


class RefusedSecret(BaseBlocker, frozen=True):
    """The service would refuse the value of a secret at its start. `why` is the service's own text."""

    variable: str
    name: str
    why: str


class RefusedSecrets(BaseBlocker, frozen=True):
    """The service would refuse the secrets together. `why` is the service's own text."""

    why: str


ParameterBlocker = ParameterInUse | UnsetSecret | ReadableSecret | LostSecretVersion | RefusedSecret | RefusedSecrets
