"""Changes of the roles that the manifest manages."""

from __future__ import annotations

from typing import ClassVar

from deployer.core.change import BaseChange
from deployer.core.desired import DesiredRole


class PutRole(BaseChange, frozen=True):
    """Create a managed role, or write its trust and inline policy again."""

    group: ClassVar[str] = "Access"
    role: DesiredRole
    create: bool

    @property
    def address(self) -> str:
        return f"role {self.role.name}"
