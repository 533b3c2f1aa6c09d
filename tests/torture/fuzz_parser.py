"""Coverage-guided fuzzing of everything that reads a webhook: `python -m tests.torture.fuzz_parser -runs=100000`.

libFuzzer's options; it ends with an error and the input when something raises.
"""

from __future__ import annotations

import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["ansari_whatsapp"]):
    from ansari_whatsapp.webhook import LONGEST_TEXT, USER, decode, parse

from tests.ansari_whatsapp.world import NUMBER


def look(body: bytes) -> None:
    """Whatever the bytes are, parsing ends, and what it gives is fit to be kept."""
    try:
        payload = decode(body)
    except ValueError:
        return
    batch = parse(payload, NUMBER)
    assert len({message.wamid for message in batch.messages}) == len(batch.messages)
    for message in batch.messages:
        assert USER.fullmatch(message.user)
        assert message.wamid.isascii()
        assert message.text is None or len(message.text.encode()) <= 4 * (LONGEST_TEXT + 1)
        assert message.timestamp is None or 0 <= message.timestamp < 10**11
    for status in batch.statuses:
        assert status.code is None or isinstance(status.code, int)


def main() -> Any:
    atheris.Setup(sys.argv, look)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
