"""An AWS endpoint that gives every call one answer, made from the shapes of AWS's own description of its APIs."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, TypeAlias
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from deployer.local.models import service_model
from tests.serving import serving

Answer: TypeAlias = dict[str, Any]
# Changes the answer to a call, which is the first argument; `asked` counts how often the call was made before.
Change: TypeAlias = Callable[[str, Answer, int], Answer]
Texts: TypeAlias = Callable[[str, str, Mapping[str, Any]], str]

SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(\w+)/")
PAGING = frozenset({"LastEvaluatedKey", "NextToken", "nextToken", "Marker", "IsTruncated"})
AT = 1_790_000_000  # seconds since 1970


@dataclass
class Answering:
    """`change` is what is wrong with the answers now; `calls` are those that were made, such as ssm:GetParameter.

    `refused` are calls that are refused, with the code of the error.
    """

    url: str
    texts: Texts
    change: Change = lambda _call, answer, _asked: answer
    calls: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def answer(self, model: OperationModel, request: Mapping[str, Any]) -> Answer:
        call = f"{model.service_model.signing_name}:{model.name}"
        asked = self.calls.count(call)
        self.calls.append(call)
        whole = full(model.output_shape, lambda name: self.texts(call, name, request)) if model.output_shape else {}
        return self.change(call, copy.deepcopy(whole), asked)


@contextmanager
def answering(texts: Texts) -> Iterator[Answering]:
    """`texts(call, member, request)` are the texts of an answer's members."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            scope = SCOPE.search(self.headers.get("Authorization", ""))
            assert scope is not None
            target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            form = parse_qs(body) if not target else {}
            model = service_model(scope[1]).operation_model(target or form["Action"][0])
            code = made.refused.get(f"{scope[1]}:{model.name}")
            if code:
                content = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>".encode()
            else:
                answer = made.answer(model, json.loads(body) if target else form)
                content = json.dumps(answer).encode() if target else as_xml(model, answer)
            self.send_response_only(400 if code else 200)
            self.send_header("Content-Type", "application/x-amz-json-1.1" if target else "text/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            content = b'{"os": "linux", "architecture": "amd64"}'
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            return

    with serving(Handler) as server:
        made = Answering(f"http://127.0.0.1:{server.server_port}", texts)
        yield made


def full(shape: Shape, text: Callable[[str], str], name: str = "", above: frozenset[str] = frozenset()) -> Any:
    """A value with every member, each list with one element. Members that say how a list goes on are left out.

    `above` are the shapes around this one: one that is inside itself has no members there.
    """
    within = above | {shape.name}
    match shape:
        case StructureShape():
            members = {} if shape.name in above else shape.members
            return {key: full(inner, text, key, within) for key, inner in members.items() if key not in PAGING}
        case ListShape():
            return [full(shape.member, text, name, within)]
        case MapShape():
            return {"KEY": full(shape.value, text, name, within)}
    match shape.type_name:
        case "integer" | "long":
            return 1
        case "float" | "double":
            return 1.5
        case "boolean":
            return True
        case "timestamp":
            return AT
        case "blob":
            return ""
    enum: list[str] = getattr(shape, "enum", [])
    return text(name) or (enum[0] if enum else "text")


def as_xml(model: OperationModel, answer: Answer) -> bytes:
    """An answer in the query protocol."""
    shape = model.output_shape
    assert shape is not None
    inner = "".join(_elements(shape, answer))
    wrapper = shape.serialization.get("resultWrapper", f"{model.name}Result")
    return f"<{model.name}Response><{wrapper}>{inner}</{wrapper}></{model.name}Response>".encode()


def _elements(shape: Any, value: Answer) -> Iterator[str]:
    for name, inner in value.items():
        member = shape.members[name]
        yield from _element(member, inner, member.serialization.get("name", name))


def _element(shape: Any, value: Any, tag: str) -> Iterator[str]:
    match shape:
        case StructureShape():
            text = "".join(_elements(shape, value))
        case ListShape():
            name = shape.member.serialization.get("name", "member")
            text = "".join(part for one in value for part in _element(shape.member, one, name))
        case MapShape():
            pairs = ((key, "".join(_element(shape.value, one, "value"))) for key, one in value.items())
            text = "".join(f"<entry><key>{key}</key>{inner}</entry>" for key, inner in pairs)
        case _ if shape.type_name == "timestamp":
            text = datetime.fromtimestamp(value, UTC).isoformat()
        case _:
            text = str(value).lower() if isinstance(value, bool) else escape(str(value))
    yield f"<{tag}>{text}</{tag}>"
