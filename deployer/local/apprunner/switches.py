"""The fault switches of App Runner: operations that take long."""

from __future__ import annotations

from deployer.local.faults import Choice, Number, Switch, Text

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
            "service": Text("only operations of the service with this name"),
        },
    ),
}
