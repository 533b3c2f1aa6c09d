"""The fault switches of the local GitHub: `PUT /_local/github/_control/faults`."""

from __future__ import annotations

from collections.abc import Mapping

from deployer.local.faults import LONGEST_MESSAGE, Choice, FreeText, Number, Parameter, Switch

WHICH: Mapping[str, Parameter] = {
    "call": FreeText("only this call, such as put-secret"),
    "item": FreeText("only for the variable or secret of this name"),
}

SWITCHES: dict[str, Switch] = {
    "limit": Switch(
        "reports a rate limit",
        {
            "status": Choice("403 or 429", (403, 429)),
            "retry_after": Number("seconds to wait in the answer; omitted by default", 1, 86400, whole=True),
        },
        WHICH,
    ),
    "fail": Switch(
        "answers with an error",
        {
            "status": Choice("the HTTP status", (301, 403, 404, 409, 422, 500, 502, 503), required=True),
            "message": FreeText("its message", longest=LONGEST_MESSAGE),
        },
        WHICH,
    ),
    "wrong_key": Switch("returns an invalid public key", {}, {"call": FreeText("get-public-key", required=True)}),
}
