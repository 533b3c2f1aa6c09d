"""The parser of markdown, with what models write and CommonMark has no eye for."""

from __future__ import annotations

import re
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

# A definition such as `[1]: https://example.org` is text to be shown: a parser that knows it would drop the line.
# Text that was escaped stays apart, as its marks are to be shown.
_NEVER: Final = ["reference", "html_block", "html_inline", "text_join"]
_DEEPEST: Final = 100  # levels of quotes and lists; the parser drops what is deeper
_SCHEME: Final = re.compile(r"https?\Z", re.IGNORECASE)
_URL_REST: Final = re.compile(r"://(?:\([^\s()<>\"`\[\]]*\)|[^\s()<>\"`\[\]])+")
_BEHIND_A_URL: Final = "\\*_~.,:;!?'…،؛؟۔。"
_CELL_END: Final = re.compile(r"(?<!\\)\|")


def parsed(text: str) -> list[Token]:
    """Return the tokens of a Markdown text."""
    return _PARSER.parse(text)


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


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    parser.block.ruler.at("table", _table_with_all_cells, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.before("escape", "bare_url", _bare_url)
    return parser.disable(_NEVER)


_PARSER: Final = _parser()
