"""Coverage-guided fuzzing of everything that reads a webhook: `python -m tests.torture.fuzz_parser -runs=100000`.

libFuzzer's options; it ends with an error and the input when something raises. An input is the body itself, or says how
to put one together: bytes alone would hardly ever become JSON of the right shape.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["ansari_whatsapp"]):
    from ansari_whatsapp.webhook import LONGEST_TEXT, USER, decode, parse

from tests.ansari_whatsapp.world import NUMBER
from tests.ansari_whatsapp.world import USER as WRITER

NAMES = (
    "object entry changes field value metadata phone_number_id messages statuses contacts id from from_user_id type"
    " text body errors timestamp interactive button_reply list_reply title button revoke original_message_id status"
    " user_id wa_id biz_opaque_callback_data reaction group_id code"
)
WORDS = NAMES.split()
DEEPEST = 4


def look(data: bytes) -> None:
    """Whatever the body is, parsing ends, and what it gives is fit to be kept."""
    chosen = atheris.FuzzedDataProvider(data)
    try:
        payload = decode(data[:-1] if chosen.ConsumeBool() else json.dumps(_payload(chosen)).encode())
    except ValueError:
        return
    batch = parse(payload, NUMBER)
    assert len({message.wamid for message in batch.messages}) == len(batch.messages)
    for message in batch.messages:
        assert USER.fullmatch(message.user)
        assert message.wamid.isascii()
        assert message.text is None or len(message.text.encode()) <= 4 * (LONGEST_TEXT + 1)
        assert message.timestamp is None or 0 <= message.timestamp < 10**11
    assert all(status.code is None or isinstance(status.code, int) for status in batch.statuses)


def _payload(chosen: Any) -> object:
    """A webhook in which any part may be anything."""

    def maybe(usual: object) -> object:
        return _anything(chosen) if chosen.ConsumeIntInRange(0, 7) == 0 else usual

    kind = chosen.PickValueInList(["text", "interactive", "button", "revoke", "reaction", "image"])
    message = {"id": maybe("wamid.1"), "from": maybe(WRITER), "type": maybe(kind), kind: _anything(chosen)}
    message |= {"timestamp": maybe("1700000000"), chosen.PickValueInList(WORDS): _anything(chosen)}
    status = {"id": maybe("wamid.2"), "status": maybe("failed"), "errors": maybe([{"code": maybe(1)}])}
    value = {"metadata": maybe({"phone_number_id": maybe(NUMBER)}), "messages": maybe([maybe(message), maybe(message)])}
    value |= {"statuses": maybe([maybe(status)]), "contacts": maybe([maybe({"wa_id": maybe(WRITER)})])}
    return maybe({"entry": maybe([maybe({"changes": maybe([maybe({"value": maybe(value)})])})])})


def _anything(chosen: Any, depth: int = 0) -> object:
    match chosen.ConsumeIntInRange(0, 7 if depth < DEEPEST else 4):
        case 0:
            return None
        case 1:
            return chosen.ConsumeBool()
        case 2:
            return chosen.ConsumeInt(8)
        case 3:
            return chosen.ConsumeUnicode(16)
        case 4:
            return chosen.PickValueInList(WORDS)
        case 5:
            return [_anything(chosen, depth + 1) for _ in range(chosen.ConsumeIntInRange(0, 3))]
        case _:
            names = [chosen.PickValueInList(WORDS) for _ in range(chosen.ConsumeIntInRange(0, 4))]
            return {name: _anything(chosen, depth + 1) for name in names}


def main() -> None:
    atheris.Setup(sys.argv, look)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
