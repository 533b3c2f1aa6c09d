"""What it costs to turn a long answer into messages."""

from __future__ import annotations

import timeit

from ansari_whatsapp.backend import Answer
from ansari_whatsapp.conversation import to_parts
from bench.measure import Result
from deployer.local.backend.answers import answer_to


def measure(rounds: int) -> list[Result]:
    """Headings, verses with translations, bold, and citations: the local backend's long answer."""
    text = answer_to("a long answer").text
    answer = Answer(text, complete=True)
    seconds = min(timeit.repeat(lambda: to_parts(answer), number=10, repeat=rounds * 3)) / 10
    note = f"{len(text)} characters, {len(to_parts(answer))} messages"
    return [Result("a long answer formatted and split", seconds * 1000, " ms", at_most=5, note=note)]
