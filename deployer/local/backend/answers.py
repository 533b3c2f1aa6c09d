"""The answers of the local backend: fixed samples, so that the same question always gets the same answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CITATIONS = "\n\n**Citations**:\n"
ECHO_AT_MOST = 200  # characters of the question
PREAMBLE = "Let me search the Qur'an and the Hadith for that."

_DELTA = re.compile(r" \[\d+\] |\s*\S+|\s+$")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Answer:
    """The answer to a question. A `preamble` is the text of an earlier round, before a search."""

    text: str
    preamble: str = ""

    @property
    def deltas(self) -> list[str]:
        """Return the pieces in the order of the stream: words, each citation inline, and the citations in one piece.

        Rounds follow one another with nothing in between, as the backend streams them.
        """
        body, mark, cited = self.text.partition(CITATIONS)
        pieces = [piece for part in (self.preamble, body) for piece in _DELTA.findall(part)]
        return [*pieces, mark + cited] if mark else pieces


def answer_to(question: str, *, rounds: bool = False, characters: int | None = None) -> Answer:
    """Return the answer to a question. With `rounds` it searches first; `characters` is its exact length."""
    text = _sample(_choose(question)).replace("{question}", _echo(question))
    preamble = PREAMBLE if rounds else ""
    if characters is not None:
        text = _grown(text, max(characters - len(preamble), 0))
    return Answer(text, preamble)


def _choose(question: str) -> str:
    if "what is ansari" in question.casefold():
        return "what_is_ansari"
    if "long" in question.casefold():
        return "long"
    if len(_ARABIC.findall(question)) > len(_LATIN.findall(question)):
        return "arabic"
    return "general"


def _echo(question: str) -> str:
    """Return the question as one line of plain text, so that its markup does not reach the answer."""
    words = " ".join(re.sub(r"[*_`~#>|\[\]<{}]", " ", question).split())
    return words if len(words) <= ECHO_AT_MOST else words[:ECHO_AT_MOST].rstrip() + "…"


def _grown(text: str, characters: int) -> str:
    """Repeat the body in numbered parts, then the citations, cut or padded to the length."""
    body, mark, cited = text.partition(CITATIONS)
    grown, part = body, 2
    while len(grown) + len(mark) + len(cited) < characters:
        grown += f"\n\n# Part {part}\n\n{body}"
        part += 1
    room = max(characters - len(mark) - len(cited), 0)
    return (grown[:room] + mark + cited)[:characters]


@cache
def _sample(name: str) -> str:
    return files(__package__).joinpath("samples", f"{name}.md").read_text(encoding="utf-8")
