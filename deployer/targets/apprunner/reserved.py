"""The variables that App Runner keeps to itself. Pure."""

from __future__ import annotations

from typing import Final

# https://docs.aws.amazon.com/apprunner/latest/dg/env-variable.html
RESERVED_PREFIX: Final = "AWSAPPRUNNER"
WHY: Final = f"App Runner reserves every variable that starts with {RESERVED_PREFIX}"
