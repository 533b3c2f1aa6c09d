"""WhatsApp's formatting marks: parse them as WhatsApp does, and write them so that it shows the intended text.

Marks touch their text, touch no letter or digit outside, and end with their line. They cannot be escaped: a mark that
should be shown gets a word joiner behind it where WhatsApp would read it as formatting.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import regex

WORD_JOINER: Final = "\u2060"
FENCE: Final = "```"
_WORD: Final = regex.compile(r"[\p{Alphabetic}\p{N}]")  # with the vowel signs of Arabic, but no variation selectors
_OPENING: Final = frozenset('([{«“"﴾﴿')
_CLOSING: Final = frozenset(')]}»”"﴾﴿.,:;!?…،؛؟۔。')
_SHOWN: Final = re.compile(r"[*_~`]")
_SHOWN_RUN: Final = re.compile(rf"([*_~`]){WORD_JOINER}(?:\1{WORD_JOINER})*")
_COULD_CLOSE: Final = re.compile(rf"[*_~`](?<=\S.)(?!{WORD_JOINER}?[^\W_])")
_COULD_CLOSE_IF_JOINED: Final = re.compile(rf"[*_~`](?<=\S.)(?:(?!{WORD_JOINER}?[^\W_])|(?<=[\W_].)(?={WORD_JOINER}))")
_READ: Final = re.compile(
    rf"```.*?```|(?<![^\W_])`(?![\s{WORD_JOINER}])[^`\n]+(?<!\s)`(?![^\W_])|([*_~])\1*|\n",
    re.DOTALL,
)
_CLOSES_FENCE: Final = re.compile(r"`(?=``|\Z)")


class Span(NamedTuple):
    """A formatted range of a text, marks included."""

    start: int
    end: int
    mark: str


def spans_in(text: str) -> list[Span]:
    """Return the formatted ranges that WhatsApp reads in a text."""
    spans: list[Span] = []
    opened: dict[str, int] = {}
    for match in _READ.finditer(text):
        start, end, mark = match.start(), match.end(), match[0][0]
        if "\n" in match[0]:
            opened.clear()
        if mark == "`":
            spans.append(Span(start, end, FENCE if match[0].startswith(FENCE) else mark))
        elif mark != "\n":
            before, after, several = text[max(start - 1, 0) : start], text[end : end + 1], end - start > 1
            closes = mark in opened and not before.isspace() and (several or not after.isalnum())
            if closes:
                spans.append(Span(opened.pop(mark), start + 1, mark))
            if (several or not (closes or before.isalnum())) and after.strip(f"{WORD_JOINER} \t\n"):
                opened.setdefault(mark, end - 1)
    return sorted(spans)


def marked(mark: str, text: str, before: str = "", after: str = "") -> str:
    """Return the text with the mark around each of its lines, or plain if WhatsApp would not read that as formatting.

    `before` and `after` are the characters outside. A letter there is separated by a blank next to a parenthesis or
    the end of a sentence. Elsewhere the text stays plain, because stars would be shown.
    """
    left, right = _gap(before, text[:1], _OPENING), _gap(after, text[-1:], _CLOSING)
    lines = text.split("\n")
    if left is None or right is None or (mark in text and any(_has_another(mark, line.strip()) for line in lines)):
        return text
    return left + "\n".join(_hugged(mark, line) for line in lines) + right


def _has_another(mark: str, line: str) -> bool:
    """Return whether the line holds a mark of the same kind, which WhatsApp would pair with the outer marks."""
    at_an_edge = line.startswith(mark) or line.endswith((mark, mark + WORD_JOINER))
    return at_an_edge or any(match[0] == mark for match in _COULD_CLOSE_IF_JOINED.finditer(line))


def _gap(outside: str, edge: str, separable: frozenset[str]) -> str | None:
    if not _WORD.match(outside) or edge.isspace():
        return ""
    return " " if edge in separable else None


def _hugged(mark: str, line: str) -> str:
    text = line.strip()
    return line.replace(text, f"{mark}{text}{mark}", 1) if text else line


def code(text: str, before: str, after: str) -> str:
    shown = text if "`" in text else marked("`", text, before, after)
    return literal(text) if shown == text else shown


def code_block(text: str) -> str:
    return f"{FENCE}{_CLOSES_FENCE.sub(rf'`{WORD_JOINER}', text)}{FENCE}" if text.strip() else ""


def literal(text: str) -> str:
    """Return the text with a word joiner behind every mark; `settled` removes those that are not needed."""
    return _SHOWN.sub(rf"\g<0>{WORD_JOINER}", text) if _SHOWN.search(text) else text


def settled(text: str) -> str:
    """Return the lines with word joiners only behind those `literal` marks that WhatsApp would read as a pair."""
    return "\n".join(_settled(line) for line in text.split("\n")) if WORD_JOINER in text else text


def _settled(line: str) -> str:
    last = {match[0]: match.start() for match in _COULD_CLOSE.finditer(line)}

    def joined_if_read(run: re.Match[str]) -> str:
        marks = len(run[0]) // 2
        if run[1] == "`" and marks >= len(FENCE):
            return run[0]  # it could make a pair with a fence anywhere in the message
        # In a run of marks, the second has the first before it, and no word.
        touches_no_word = marks > 1 or not line[run.start() - 1 : run.start()].isalnum()
        could_open = touches_no_word and line[run.end() : run.end() + 1].strip()
        return run[0] if could_open and run.end() < last.get(run[1], 0) else run[0].replace(WORD_JOINER, "")

    return _SHOWN_RUN.sub(joined_if_read, line)
