"""The control routes of instances: list those that serve, and kill one of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

from werkzeug.wrappers import Request, Response

from deployer.local.host import Emulator, RunningInstance

ROUTE: Final = "/_local/instances"
KILL: Final = "/_local/instances/kill"


def serve(emulators: Iterable[Emulator], request: Request) -> Response:
    """Answer `GET /_local/instances`, and `POST /_local/instances/kill` with `{"instance": NAME}`.

    The name may be shortened as long as it is unique. Without a name, the oldest instance is killed.
    """
    match request.method, request.path:
        case "GET", path if path == ROUTE:
            running = [asdict(instance) for emulator in emulators for instance in emulator.instances()]
            return _document(200, {"instances": running})
        case "POST", path if path == KILL:
            try:
                name = json.loads(request.get_data() or b"{}").get("instance", "")
            except (ValueError, AttributeError):
                name = None
            if isinstance(name, str):
                return _kill(list(emulators), name)
            return _document(400, {"error": 'the body is a JSON object such as {"instance": "NAME"}'})
    return _document(404, {"error": "this route does not exist"})


def _kill(emulators: list[Emulator], name: str) -> Response:
    matching = [(one, emulator) for emulator in emulators for one in emulator.instances() if one.name.startswith(name)]
    if not matching:
        return _document(404, {"error": "no such instance is running"})
    if name and len(matching) > 1:
        return _document(409, {"error": f"{len(matching)} instances have a name that begins with {name}"})
    chosen, emulator = matching[0]
    killed: RunningInstance | None = emulator.kill(chosen.name)
    if killed is None:
        return _document(404, {"error": "the instance has just ended"})
    return _document(200, {"killed": asdict(killed)})


def _document(status: int, body: object) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
