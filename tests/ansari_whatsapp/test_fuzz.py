"""Whatever is sent to the real port: never an error of the server, never taken without a signature."""

from __future__ import annotations

import json
import socket
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansari_whatsapp.signature import HEADER, Signer
from tests.ansari_whatsapp.world import APP_SECRET, NUMBER, World, envelope, text, value

relaxed = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
NAMES = (
    "object entry changes field value metadata phone_number_id messages statuses contacts id from from_user_id type"
    " text body errors timestamp interactive button_reply title revoke original_message_id status user_id wa_id"
    " biz_opaque_callback_data reaction"
)
KEYS = st.sampled_from(NAMES.split())
json_like = st.recursive(
    scalars,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inside, max_size=4),
    max_leaves=12,
)
# Values where the service looks for something else, in the place where it looks.
HEADERS = ("Accept", "Content-Type", "X-Hub-Signature-256", "Range")
NOT_A_USER = "no-user"  # so that nobody is answered


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["text", "interactive", "revoke", "reaction", "image", "unsupported", "new_kind"]))
    return {
        "from": draw(st.just(NOT_A_USER) | json_like),
        "id": draw(st.text(max_size=20) | json_like),
        "type": draw(st.just(kind) | json_like),
        kind: draw(json_like),
        "timestamp": draw(st.text(max_size=12) | scalars),
    }


values = st.fixed_dictionaries(
    {"metadata": st.just({"phone_number_id": NUMBER}) | json_like},
    optional={
        "messages": st.lists(messages(), max_size=4) | json_like,
        "statuses": json_like,
        "contacts": json_like,
        "errors": json_like,
    },
)


@given(st.lists(values, max_size=3))
@relaxed
def test_a_signed_payload_of_any_shape_is_acknowledged(world: World, payload: list[dict[str, Any]]) -> None:
    body = json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"changes": [{"value": each} for each in payload]}]}
    ).encode()
    assert world.post(body).status_code == 200


@given(st.binary(max_size=300) | json_like.map(lambda data: json.dumps(data).encode()))
@relaxed
def test_any_signed_bytes_are_acknowledged(world: World, body: bytes) -> None:
    assert world.post(body).status_code == 200


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=80), st.integers(0, 70))
@relaxed
def test_nothing_is_taken_without_the_signature(world: World, header: str, flipped: int) -> None:
    body = envelope(value(text("let me in", "wamid.fuzz", "15550009999")))
    right = Signer(APP_SECRET).sign(body)
    nearly = right[:flipped] + chr(ord(right[flipped]) ^ 1) + right[flipped + 1 :]
    for given_header in (header, nearly):
        answer = world.http.post(f"{world.service}/whatsapp/v2", content=body, headers={HEADER: given_header})
        assert answer.status_code == 403
    assert world.asked("15550009999") == []


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"]),
    st.text(alphabet="abcz/.?&=%:2+ é", max_size=60),
    st.dictionaries(st.sampled_from(HEADERS), st.text('a,;="é*/0', max_size=20)),
)
@relaxed
def test_no_request_is_an_error_of_the_server(world: World, method: str, path: str, headers: dict[str, str]) -> None:
    lines = [f"{method} /{path} HTTP/1.1", "Host: x", "Content-Length: 0", "Connection: close"]
    lines += [f"{name}: {content}" for name, content in headers.items()]
    answer = raw(world, ("\r\n".join(lines) + "\r\n\r\n").encode())
    assert answer == b"" or int(answer.split()[1]) < 500, answer[:100]


@given(st.binary(min_size=1, max_size=200))
@relaxed
def test_no_bytes_are_an_error_of_the_server(world: World, data: bytes) -> None:
    answer = raw(world, data + b"\r\n\r\n")
    assert answer == b"" or int(answer.split()[1]) < 500, answer[:100]


def raw(world: World, data: bytes) -> bytes:
    host, port = world.service.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while chunk := client.recv(4096):
                answer += chunk
        except (TimeoutError, ConnectionResetError):
            pass
    return answer
