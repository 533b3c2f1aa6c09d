"""The notices of a plan: facts worth knowing that it does not change. `resources/unions.py` has them all."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from deployer.core.cause import Cause


class BaseNotice(Struct, frozen=True, kw_only=True):
    """`line` is the line of the manifest, as "staging.yaml:14"; "" when there is none."""

    group: ClassVar[str] = "Variables"
    symbol: ClassVar[Literal["!", "?"]] = "?"
    cause: Cause
    line: str = ""


class LeftBehind(BaseNotice, frozen=True):
    """The parameters or the service of the running release stay, because the manifest names another path or service."""

    what: Literal["parameters", "service"]
    name: str

    @property
    def address(self) -> str:
        return self.name
