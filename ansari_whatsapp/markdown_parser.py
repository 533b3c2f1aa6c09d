"""The parser of markdown, with what models write and CommonMark has no eye for."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim, unescapeAll
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

# What a rule of the parser needs to see in a text: without it the rule cannot match, and need not be tried.
_SIGNS: Final = {
    "autolink": ("<",),
    "backticks": ("`",),
    "bare_url": ("://",),
    "blockquote": (">",),
    "code": ("\t", "    "),
    "entity": ("&",),
    "escape": ("\\",),
    "fence": ("```", "~~~"),
    "image": ("![",),
    "link": ("](",),
    "strikethrough": ("~~",),
    "table": ("|",),
}
_SIGNS_OF_A_LINE: Final = {
    "hr": re.compile(r"([-*_])[ \t]*\1[ \t]*\1[ \t]*(?:[\r\n]|\Z)"),
    "lheading": re.compile(r"[-=][ \t]*(?:[\r\n]|\Z)"),
}
# Where a rule that works inside a paragraph is to be tried.
_STARTS: Final = {
    "autolink": "<",
    "backticks": "`",
    "bare_url": ":",
    "emphasis": "*_",
    "entity": "&",
    "escape": "\\",
    "image": "!",
    "link": "[]",
    "newline": "\n",
    "strikethrough": "~",
}
_MARKED: Final = re.compile(r"[\\`*_~<&]")
# A definition such as `[1]: https://example.org` is text to be shown: a parser that knows it would drop the line.
# Text that was escaped stays apart, as its marks are to be shown.
_NEVER: Final = ("reference", "html_block", "html_inline", "text_join")
_DEEPEST: Final = 100  # levels of quotes and lists; the parser drops what is deeper
_SCHEME: Final = re.compile(r"https?\Z", re.IGNORECASE)
_URL_REST: Final = re.compile(r"://(?:\([^\s()<>\"`\[\]]*\)|[^\s()<>\"`\[\]])+")
_BEHIND_A_URL: Final = "\\*_~.,:;!?'…،؛؟۔。"
_CELL_END: Final = re.compile(r"(?<!\\)\|")


def parsed(text: str) -> list[Token]:
    """The tokens of a markdown text. A paragraph in which no rule can match has no children."""
    missing = [rule for rule, signs in _SIGNS.items() if not any(sign in text for sign in signs)]
    missing += [rule for rule, sign in _SIGNS_OF_A_LINE.items() if not sign.search(text)]
    return parser(frozenset(missing)).parse(text)


@cache
def parser(without: frozenset[str]) -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    made.core.ruler.at("inline", _inline_where_needed)
    made.block.ruler.at("table", _table_with_all_cells, {"alt": ["paragraph", "reference"]})
    made.block.ruler.before("paragraph", "line", _line)
    made.inline.ruler.before("escape", "bare_url", _bare_url)
    starts = "".join(start for rule, start in _STARTS.items() if rule not in without)
    made.inline.terminator_re = re.compile(f"[{re.escape(starts)}]")
    return made.disable([*_NEVER, *without])


def _inline_where_needed(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and (_MARKED.search(token.content) or "](" in token.content):
            token.children = state.md.inline.parse(token.content, state.md, state.env, [])


def _line(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A paragraph of one line. It has no tokens around its text, as making them would take longer than the rest."""
    if start + 1 < state.lineMax and not state.isEmpty(start + 1):
        return False
    state.push("inline", "", 0).content = mdTrim(state.getLines(start, start + 1, state.blkIndent, False))
    state.line = start + 1
    return True


def _bare_url(state: StateInline, silent: bool) -> bool:
    """An address that is not in pointed brackets: marks in it are part of it."""
    if silent or state.src[state.pos] != ":":
        return False
    scheme = _SCHEME.search(state.pending[-5:])
    rest = _URL_REST.match(state.src, state.pos, state.posMax)
    if not scheme or not rest:
        return False
    ending = rest[0].rstrip(_BEHIND_A_URL)
    state.pending = state.pending[: -len(scheme[0])]
    state.push("bare_url", "", 0).content = unescapeAll(scheme[0] + ending)
    state.pos += len(ending)
    return True


def _table_with_all_cells(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table whose last column takes the cells that have no heading, which the parser drops."""
    first = len(state.tokens)
    if not table(state, start, end, silent):
        return False
    if not silent:
        rows = state.tokens[first:]
        columns = sum(token.type == "th_open" for token in rows)
        for at, token in enumerate(rows):
            if token.type == "tr_close":
                last = rows[at - 2]
                last.content = ", ".join(filter(None, [last.content, *_cells(state, last)[columns:]]))
    return True


def _cells(state: StateBlock, token: Token) -> list[str]:
    """The cells of the row that the token is from."""
    assert token.map
    line = token.map[0]
    row = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip().removeprefix("|")
    return [cell.strip().replace("\\|", "|") for cell in _CELL_END.split(row)]
