"""Markdown, as the model writes it, to the few marks that WhatsApp renders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

LONGEST = 45_000  # characters; more than the ten messages an answer may have, and parsing can be quadratic
# What a rule of the parser needs to see in a text: without it the rule cannot match, and need not be tried.
_NEEDS = {
    rule: re.compile(sign)
    for rule, sign in {
        "autolink": "<",
        "backticks": "`",
        "blockquote": ">",
        "code": r"\t|    ",
        "entity": "&",
        "escape": r"\\",
        "fence": "```|~~~",
        "hr": r"([-*_])[ \t]*\1[ \t]*\1",
        "image": r"!\[",
        "lheading": r"(?m)[-=][ \t]*$",
        "link": r"\[",
        "strikethrough": "~~",
        "table": r"\|",
    }.items()
}
# A definition such as `[1]: https://example.org` is text to be shown: a parser that knows it would drop the line.
_NEVER = ("reference", "html_block", "html_inline")
_FENCED = re.compile(r"(```.*?(?:```|\Z))", re.DOTALL)
_GLUED_HEADING = re.compile(r"#(?<=[.!?:;)\]؟۔。]#)#{0,5} ")
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LEFT_BOLD = re.compile(r"\*\*(?=\S)(.{1,300}?)(?<=\S)\*\*")  # bounded, or a flood of them takes seconds
_MARKS = {"strong": "*", "em": "_", "s": "~"}


def to_whatsapp(markdown: str) -> list[str]:
    """The blocks of the answer in WhatsApp's marks, in order; none is blank.

    A heading stands in one block with what follows it, so that a split never leaves it alone.
    """
    pieces = _FENCED.split(markdown[:LONGEST])
    pieces[::2] = [_GLUED_HEADING.sub(r"\n\n\g<0>", piece) for piece in pieces[::2]]
    text = "".join(pieces)
    blocks: list[str] = []
    heading = ""
    for kind, block in _blocks(_parsed(text), indent=""):
        if not block.strip():
            continue
        if kind == "heading":
            heading = f"{heading}\n\n{block}".strip()
            continue
        blocks.append(f"{heading}\n\n{block}" if heading else block)
        heading = ""
    return [*blocks, heading] if heading else blocks


def _parsed(text: str) -> list[Token]:
    missing = frozenset(rule for rule, sign in _NEEDS.items() if not sign.search(text))
    return _parser(missing).parse(text)


@cache
def _parser(without: frozenset[str]) -> MarkdownIt:
    known = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return known.disable([*_NEVER, *without])


def _blocks(tokens: Sequence[Token], indent: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(tokens):
        token, end = tokens[at], _close(tokens, at)
        inside = tokens[at + 1 : end]
        match token.type:
            case "heading_open":
                found.append(("heading", _mark("*", _inline(inside[0], skip="*"))))
            case "paragraph_open":
                found.append(("text", _inline(inside[0])))
            case "fence" | "code_block":
                found.append(("text", "```" + token.content.rstrip("\n") + "```"))
            case "blockquote_open":
                quoted = "\n\n".join(text for _, text in _blocks(inside, ""))
                found.append(("text", "\n".join(f"> {line}" if line else ">" for line in quoted.split("\n"))))
            case "bullet_list_open" | "ordered_list_open":
                found.append(("text", _list(token, inside, indent)))
            case "table_open":
                found.append(("text", _table(inside)))
            case _:
                pass  # a rule is the blank line between two blocks
        at = end + 1
    return found


def _close(tokens: Sequence[Token], at: int) -> int:
    """The index of the token that closes the one at `at`; itself when it opens nothing."""
    if tokens[at].nesting != 1:
        return at
    depth = 0
    for end in range(at, len(tokens)):
        depth += tokens[end].nesting
        if depth == 0:
            return end
    return len(tokens) - 1


def _list(token: Token, inside: Sequence[Token], indent: str) -> str:
    lines: list[str] = []
    number = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
    at = 0
    while at < len(inside):
        end = _close(inside, at)
        bullet = "- " if number is None else f"{number}. "
        if indent and number is None:
            bullet = "• "
        parts = [text for _, text in _blocks(inside[at + 1 : end], indent + "   ") if text.strip()]
        first, *rest = parts or [""]
        lines.append(f"{indent}{bullet}{first.lstrip()}")
        lines += [part if part.startswith(indent + "   ") else f"{indent}   {part}" for part in rest]
        number = None if number is None else number + 1
        at = end + 1
    return "\n".join(lines)


def _table(inside: Sequence[Token]) -> str:
    """One line per row, each cell after its column's heading."""
    rows: list[list[str]] = []
    for at, token in enumerate(inside):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in {"th_open", "td_open"}:
            rows[-1].append(" ".join(_inline(inside[at + 1]).split()))
    if len(rows) < 2:
        return " | ".join(rows[0]) if rows else ""
    head, *body = rows
    return "\n".join(
        "- " + ", ".join(f"{name}: {cell}" if name else cell for name, cell in zip(head, row, strict=False) if cell)
        for row in body
    )


def _inline(token: Token, skip: str = "") -> str:
    """The text of one paragraph. Marks of the same kind inside each other become one."""
    out: list[str] = []
    open_marks: list[str] = [skip] if skip else []
    starts: list[tuple[str, int]] = []
    href = ""
    children = token.children or []
    for at, child in enumerate(children):
        name = child.type.removesuffix("_open").removesuffix("_close")
        if name in _MARKS:
            mark = _MARKS[name]
            if child.nesting == 1:
                starts.append(("" if mark in open_marks else mark, len(out)))
                open_marks.append(mark)
            else:
                open_marks.pop()
                mark, start = starts.pop()
                inside = "".join(out[start:])
                product = child.markup == "*" and _within_a_word(out[:start], children[at + 1 :])
                out[start:] = [f"*{inside}*" if product else _mark(mark, inside)]
        elif child.type == "link_open":
            href = str(child.attrs.get("href", ""))
            starts.append(("", len(out)))
        elif child.type == "link_close":
            _, start = starts.pop()
            out[start:] = [_link("".join(out[start:]), href)]
        elif child.type == "image":
            out.append(_link(child.content, str(child.attrs.get("src", ""))))
        elif child.type == "code_inline":
            out.append(f"`{child.content}`")
        elif child.type in {"softbreak", "hardbreak"}:
            out.append("\n")
        else:
            out.append(_mended(child.content))
    return "".join(out)


def _mended(text: str) -> str:
    """Line breaks that were meant as HTML, and bold that the parser left as it was."""
    if "<" in text:
        text = _LINE_BREAK.sub("\n", text)
    return _LEFT_BOLD.sub(r"*\1*", text) if "**" in text else text


def _within_a_word(before: list[str], after: Sequence[Token]) -> bool:
    """Whether letters or digits touch the marks outside, as in 2*3*4: those are stars to be shown."""
    left, right = "".join(before)[-1:], after[0].content[:1] if after else ""
    return left.isalnum() and right.isalnum()


def _mark(mark: str, text: str) -> str:
    """Marks hug the text and do not span lines, or WhatsApp shows them as they are."""
    if not mark:
        return text
    lines = text.split("\n")
    return "\n".join(
        line[: len(line) - len(line.lstrip())] + mark + line.strip() + mark + line[len(line.rstrip()) :]
        if line.strip()
        else line
        for line in lines
    )


def _link(text: str, href: str) -> str:
    same = unquote(href).removeprefix("mailto:") == unquote(text)
    return text if same and text else f"{text} ({href})" if text.strip() else href
