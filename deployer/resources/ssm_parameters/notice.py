"""The notices of a plan about parameters."""

from __future__ import annotations

from typing import ClassVar, Literal

from deployer.core.notice import BaseNotice


class StagedVariable(BaseNotice, frozen=True):
    """A parameter was written since the running release: containers get it with the next deployment.

    `at_start` means that every container that starts gets it, without a deployment.
    """

    symbol: ClassVar[Literal["!", "?"]] = "!"
    variable: str
    at_start: bool = False

    @property
    def address(self) -> str:
        return self.variable


class KeptParameter(BaseNotice, frozen=True):
    """A parameter below the environment's path is kept, although the desired state does not name it.

    `in_service` means that the service holds this variable as a plain value.
    """

    path: str
    in_service: bool = False

    @property
    def address(self) -> str:
        return self.path


ParameterNotice = StagedVariable | KeptParameter
