"""The prefixes of variables that a target keeps to itself, each with why.

They are refused for every target, so that the variables of a manifest fit all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deployer.targets.apprunner import reserved as apprunner
from deployer.targets.ecs_express import reserved as ecs_express

PREFIXES: Final[Mapping[str, str]] = {
    apprunner.RESERVED_PREFIX: apprunner.WHY,
    ecs_express.RESERVED_PREFIX: ecs_express.WHY,
}
