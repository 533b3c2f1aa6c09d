"""The switches of App Runner: operations that take long, and the CPU of idle instances."""

from __future__ import annotations

from deployer.local.apprunner.limits import FROZEN_WHEN_IDLE
from deployer.local.faults import Choice, Faults, FreeText, Number, Switch

FROZEN, RUNNING = "frozen", "running"

SWITCHES = {
    "hold": Switch(
        "an operation stays IN_PROGRESS for a while before anything is done; clearing or replacing ends the wait",
        parameters={"seconds": Number("how long", 0, 3600, required=True)},
        selectors={
            "operation": Choice(
                "only operations of this type",
                (
                    "CREATE_SERVICE",
                    "UPDATE_SERVICE",
                    "START_DEPLOYMENT",
                    "PAUSE_SERVICE",
                    "RESUME_SERVICE",
                    "DELETE_SERVICE",
                ),
            ),
            "service": FreeText("only operations of the service with this name"),
        },
    ),
    "idle_cpu": Switch(
        "whether an instance without a request in flight has CPU; clearing it returns to the default",
        parameters={"state": Choice("frozen: it has none but for health checks", (FROZEN, RUNNING), required=True)},
    ),
}


def freezes(faults: Faults) -> bool:
    """Return whether an instance without a request in flight is frozen now."""
    settings = faults.find("idle_cpu")
    return FROZEN_WHEN_IDLE if settings is None else settings["state"] == FROZEN
