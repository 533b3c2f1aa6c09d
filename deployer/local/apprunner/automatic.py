"""Automatic deployments: choose the pushed image that a service deploys by itself.

A service watches the tag that it was given (API reference, AutoDeploymentsEnabled); a digest always means one image.
Of images that are pushed while an operation is under way the newest is deployed afterwards (aws/apprunner-roadmap#232).
None is deployed that is pushed while the service is paused, also not after it is resumed (developer guide, "Pausing and
resuming an App Runner service"). That the operation is listed as START_DEPLOYMENT, and that a service which could not
be created waits for an update, is not verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.local.compute.image import Identifier, parse
from deployer.local.compute.problem import Problem

OPERATION = "START_DEPLOYMENT"


def watched(configuration: Mapping[str, Any]) -> Identifier | None:
    """Return the tag whose pushes a service with this complete configuration deploys, or None."""
    source = configuration["SourceConfiguration"]
    if not source["AutoDeploymentsEnabled"]:
        return None
    try:
        image = parse(source["ImageRepository"]["ImageIdentifier"])
    except Problem:  # its deployments fail, and say so
        return None
    return image if image.tag else None
