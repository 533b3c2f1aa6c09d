"""What can be made to go otherwise than a client hopes."""

from __future__ import annotations

from deployer.local.faults import Choice, Number, Switch, Text

SWITCHES = {
    "refuse": Switch(
        "a call is answered with an error instead of being done",
        parameters={
            "code": Text("the error's code; AccessDeniedException when left out"),
            "message": Text("the error's message"),
        },
        selectors={"call": Text("only this one, such as ssm:PutParameter")},
    ),
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
