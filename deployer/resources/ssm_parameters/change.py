"""Changes of parameters."""

from __future__ import annotations

from typing import ClassVar

from deployer.core.change import BaseChange
from deployer.core.desired import DesiredParameter


class PutParameter(BaseChange, frozen=True):
    """Write one parameter. `version` is what AWS must answer; another number means that another user wrote too.

    `tier` is its present tier: an advanced parameter cannot be turned back into a standard one. `adopts` means that the
    parameter lacks the deployer's tag, which is added by a call of its own: PutParameter takes tags only when it
    creates.
    """

    group: ClassVar[str] = "Variables"
    parameter: DesiredParameter
    version: int
    old: str | None
    tier: str = "Standard"
    adopts: bool = False

    @property
    def address(self) -> str:
        return self.parameter.variable


class RecreateParameter(BaseChange, frozen=True):
    """Delete a parameter whose type an overwrite cannot change, and create it with another type.

    Its versions count from 1 again; its history, labels and policies are lost. `was` is its present type, `old` its
    value where that may be shown. `kept` is the path of a SecureString that holds its last value from then on.
    """

    group: ClassVar[str] = "Variables"
    version: ClassVar[int] = 1
    parameter: DesiredParameter
    was: str
    old: str | None
    kept: str
    tier: str = "Standard"

    @property
    def becomes(self) -> str:
        return "SecureString" if self.parameter.secure else "String"

    @property
    def address(self) -> str:
        return self.parameter.variable


class AdoptParameter(BaseChange, frozen=True):
    """Put the deployer's tag on a parameter that it did not create. Its value and version do not change."""

    group: ClassVar[str] = "Variables"
    parameter: DesiredParameter

    @property
    def address(self) -> str:
        return self.parameter.variable


class DeleteParameter(BaseChange, frozen=True):
    """Delete a parameter that carries the deployer's tag and that the manifest no longer names.

    It goes last, when the new release is healthy.
    """

    group: ClassVar[str] = "Variables"
    path: str

    @property
    def address(self) -> str:
        return self.path


ParameterChange = PutParameter | RecreateParameter | AdoptParameter | DeleteParameter
