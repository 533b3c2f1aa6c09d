"""The text of one paragraph, heading or cell of a table, with WhatsApp's marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from markdown_it.token import Token

from ansari_whatsapp.marks import WORD_JOINER, code, literal, marked

_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LEFT_BOLD = re.compile(r"\*\*(?=\S)(.{1,300}?)(?<=\S)\*\*")  # bounded, or a flood of them takes seconds
_BREAKS = {"softbreak", "hardbreak"}
_MARKS = {"strong": "*", "em": "_", "s": "~"}


def format_inline(token: Token, skip: str = "") -> str:
    """The text of a token, its marks not `settled` yet. Those of the same kind inside each other become one."""
    children = token.children
    if not children:
        return ""
    out: list[str] = []  # no empty ones
    marks = [skip]
    opened: list[tuple[Token, str, int]] = []
    for child, after in zip(children, _what_follows(children), strict=True):
        if child.nesting == 1:
            mark = _MARKS.get(child.tag, "")
            mark = "" if mark in marks else mark
            opened.append((child, mark, len(out)))
            marks += mark
            continue
        if child.nesting == -1:
            opening, mark, start = opened.pop()
            marks = marks[:-1] if mark else marks
            inside = "".join(out[start:])
            del out[start:]
            text = _closed(opening, mark, inside, _end(out), after)
        else:
            text = _text(child, _end(out), after, in_bold="*" in marks)
        if text:
            out.append(text)
    return "".join(out)


def _end(out: Sequence[str]) -> str:
    return out[-1][-1] if out else ""


def _what_follows(children: Sequence[Token]) -> list[str]:
    """The first character that is shown behind each child, leaving marks aside."""
    following = [""]
    for child in reversed(children[1:]):
        first = "\n" if child.type in _BREAKS else child.content[:1]
        following.append(first or following[-1])
    return following[::-1]


def _closed(opening: Token, mark: str, inside: str, before: str, after: str) -> str:
    if opening.type == "link_open":
        return _link(inside, str(opening.attrs["href"]), opening)
    if _is_arithmetic(opening.markup, before, inside, after):
        stars = literal(opening.markup)
        return f"{stars}{inside}{stars}"
    return marked(mark, inside, before, after) if mark else inside


def _is_arithmetic(markup: str, before: str, inside: str, after: str) -> bool:
    """Whether the stars are to be shown: those of 2*3*4 and 2**3 + x**2, but not those of a w**or**d."""
    if "*" not in markup or not (before.isalnum() or after.isalnum()):
        return False
    left, right = before + inside[:1], inside[-1:] + after
    if any(len(edges) == 2 and edges.isdigit() for edges in (left, right)):
        return True
    within_a_word = before.isalnum() and after.isalnum()
    return within_a_word and (markup == "*" or any(edge.isdigit() for edge in left + right))


def _text(child: Token, before: str, after: str, *, in_bold: bool) -> str:
    match child.type:
        case "text" | "text_special":
            text = _LINE_BREAK.sub("\n", child.content) if "<" in child.content else child.content
            return _with_left_bold(text, before, after) if "**" in text and not in_bold else literal(text)
        case "softbreak" | "hardbreak":
            return "\n"
        case "code_inline":
            return code(child.content, before, after)
        case "image":
            return _link(format_inline(child), str(child.attrs["src"]), child)
        case _:
            return child.content  # an address


def _with_left_bold(text: str, before: str, after: str) -> str:
    """The text with its bold that the parser left as it was, since a word touches it."""
    shown = ""
    end = 0
    for bold in _LEFT_BOLD.finditer(text):
        shown += literal(text[end : bold.start()])
        end = bold.end()
        shown += marked("*", literal(bold[1]), shown[-1:] or before, text[end : end + 1] or after)
    return shown + literal(text[end:])


def _link(text: str, address: str, token: Token) -> str:
    """An address behind its text, or alone where both are the same. A title is text, too."""
    plain = text.replace(WORD_JOINER, "")
    if plain and unquote(plain) == unquote(address).removeprefix("mailto:"):
        return plain
    title = str(token.attrs.get("title", ""))
    target = address if title in plain else f"{address} – {literal(title)}"
    return f"{text} ({target})" if text.strip() else target
