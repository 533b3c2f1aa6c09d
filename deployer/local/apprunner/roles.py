"""The principals of App Runner that assume a service's roles."""

from __future__ import annotations

from typing import Final

# App Runner developer guide, "How App Runner works with IAM".
ACCESS_PRINCIPAL: Final = "build.apprunner.amazonaws.com"
INSTANCE_PRINCIPAL: Final = "tasks.apprunner.amazonaws.com"
