"""The fault switches of the AWS endpoint: calls that fail, and operations that take long."""

from __future__ import annotations

from deployer.local.faults import LONGEST_MESSAGE, Choice, Number, Switch, Text

SWITCHES = {
    "refuse": Switch(
        "a call is answered with an error instead of being done; clients try 429, 500 and 503 again",
        parameters={
            "status": Choice("the HTTP status; 400 when left out", (400, 403, 429, 500, 503)),
            "code": Text("the error's code; when left out the one that the service gives with this status"),
            "message": Text("the error's message", longest=LONGEST_MESSAGE),
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
