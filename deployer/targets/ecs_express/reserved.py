"""The variables that ECS keeps to itself. Pure."""

from __future__ import annotations

from typing import Final

# ECS developer guide, "Amazon ECS task metadata endpoint version 4"
RESERVED_PREFIX: Final = "ECS_CONTAINER_METADATA_URI"
WHY: Final = f"ECS sets every variable that starts with {RESERVED_PREFIX} itself"
