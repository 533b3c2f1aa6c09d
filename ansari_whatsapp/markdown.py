"""Markdown, as the model writes it, to the few marks that WhatsApp renders."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it.token import Token

from ansari_whatsapp.inline import format_inline
from ansari_whatsapp.markdown_parser import parsed
from ansari_whatsapp.marks import code_block, marked, settled

LONGEST = 45_000  # characters; more than the ten messages an answer may have, and parsing can be quadratic
_FENCED = re.compile(r"(```.*?(?:```|\Z))", re.DOTALL)
_GLUED_HEADING = re.compile(r"#(?<=[.!?:;)\]؟۔。]#)#{0,5} ")
_LANGUAGE = re.compile(r"[\w+#.-]*")


def to_whatsapp(markdown: str) -> list[str]:
    """The blocks of the answer in WhatsApp's marks, in order; none is blank.

    A heading is in one block with what follows it, so that a split never leaves it alone.
    """
    pieces = _FENCED.split(markdown[:LONGEST])
    pieces[::2] = [_GLUED_HEADING.sub(r"\n\n\g<0>", piece) for piece in pieces[::2]]
    blocks: list[str] = []
    heading = ""
    for kind, block in _blocks(iter(parsed("".join(pieces))), indent=""):
        if not block.strip():
            continue
        if kind == "heading":
            heading = f"{heading}\n\n{block}".strip()
            continue
        blocks.append(f"{heading}\n\n{block}" if heading else block)
        heading = ""
    return [*blocks, heading] if heading else blocks


def _blocks(tokens: Iterator[Token], indent: str) -> list[tuple[str, str]]:
    """The blocks up to the end of the element that holds them."""
    blocks: list[tuple[str, str]] = []
    for token in tokens:
        match token.type:
            case "heading_open":
                blocks.append(("heading", settled(marked("*", format_inline(next(tokens), skip="*")))))
                next(tokens)
            case "paragraph_open":
                blocks.append(("text", settled(format_inline(next(tokens)))))
                next(tokens)
            case "fence" | "code_block":
                blocks.append(("text", code_block(_code(token))))
            case "blockquote_open":
                quoted = "\n\n".join(text for _, text in _blocks(tokens, ""))
                blocks.append(("text", "\n".join(f"> {line}" if line else ">" for line in quoted.split("\n"))))
            case "bullet_list_open" | "ordered_list_open":
                blocks.append(("text", _list(token, tokens, indent)))
            case "table_open":
                blocks.append(("text", _table(tokens)))
            case "hr":
                pass  # it is the blank line between two blocks
            case _:
                break
    return blocks


def _code(token: Token) -> str:
    """The code of a block, below what is written behind its fence if that is more than the name of a language."""
    info, code = token.info.strip(), token.content.rstrip("\n")
    return code if _LANGUAGE.fullmatch(info) else f"{info}\n{code}"


def _list(token: Token, tokens: Iterator[Token], indent: str) -> str:
    lines: list[str] = []
    number = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
    for item in tokens:
        if item.type != "list_item_open":
            break
        bullet = "- " if number is None else f"{number}. "
        if indent and number is None:
            bullet = "• "
        parts = [text for _, text in _blocks(tokens, indent + "   ") if text.strip()]
        first, *rest = parts or [""]
        lines.append(f"{indent}{bullet}{first.lstrip()}")
        lines += [part if part.startswith(indent + "   ") else f"{indent}   {part}" for part in rest]
        number = None if number is None else number + 1
    return "\n".join(lines)


def _table(tokens: Iterator[Token]) -> str:
    """One line per row, each cell after its column's heading."""
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(" ".join(format_inline(token).split()))
    head, *body = rows
    if not body:
        return settled(" | ".join(head))
    # The heading of a column in which nothing stands would not be shown otherwise.
    absent = [
        "–" if name and not any(column) else "" for name, column in zip(head, zip(*body, strict=True), strict=True)
    ]
    lines: list[str] = []
    for row in body:
        cells = [(name, cell or none) for name, cell, none in zip(head, row, absent, strict=True)]
        lines.append(", ".join(f"{name}: {cell}" if name else cell for name, cell in cells if cell))
    return "\n".join(settled(f"- {line}") for line in lines if line)
