"""Edit a manifest's text by changing the lines of one variable only.

The text is cut at the positions that the parser gives, so that every comment, quote and blank is kept. Each function
returns the new text of the whole file; `load.parse` checks whether it is valid.
"""

from __future__ import annotations

import json
import re
from typing import Final

from deployer.errors import UsageError
from deployer.manifest import tree
from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import LiteralVariable
from deployer.manifest.scalars import bent, read_plain

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


def set_value(loaded: LoadedManifest, name: str, value: str) -> str:
    """The text with another value of a literal. Its quotes are kept."""
    word = loaded.find("variables", name, "value")[1]
    if not isinstance(word, tree.Word) or word.start.line != word.end.line:
        raise UsageError(
            f"{_place(loaded, name)}: the value of {name} spans several lines",
            fix="edit it by hand, or write it in one line first",
        )
    lines = _lines(loaded.text)
    line = lines[word.start.line - 1]
    lines[word.start.line - 1] = line[: word.start.col - 1] + written(value, word) + line[word.end.col - 1 :]
    return "".join(lines)


def add(loaded: LoadedManifest, name: str, entry: str) -> str:
    """The text with another variable after the last one, such as `{kind: literal, value: 3}`."""
    variables = loaded.find("variables")[1]
    if not isinstance(variables, tree.Group) or variables.end is not None:
        raise UsageError(f"{loaded.path}: the variables are in braces", fix="write each on a line of its own first")
    lines = _lines(loaded.text)
    at = tree.last_line(variables)
    ending = _ending(lines[at - 1]) or _ending(lines[0]) or "\n"
    if not _ending(lines[at - 1]):
        lines[at - 1] += ending
    indent = lines[variables.start.line - 1][: variables.start.col - 1]
    lines.insert(at, f"{indent}{name}: {entry}{ending}")
    return "".join(lines)


def remove(loaded: LoadedManifest, name: str) -> str:
    """The text without the lines of a variable. Comments above it are kept: they may be about other variables, too."""
    key, node = loaded.find("variables", name)
    variables = loaded.find("variables")[1]
    if key is None or node is None or not isinstance(variables, tree.Group) or variables.end is not None:
        raise UsageError(f"{loaded.path}: the variables are in braces", fix="edit it by hand")
    lines = _lines(loaded.text)
    del lines[key.start.line - 1 : tree.last_line(node)]
    return "".join(lines)


def literal(value: str, *, store: str | None, description: str | None, extra: bool = False) -> str:
    """The entry of a literal, for `add`."""
    return _entry("literal", value=written(value), store=store, extra=_flag(extra), description=_text(description))


def secret(*, generate: int | None, description: str | None, extra: bool = False) -> str:
    """The entry of a secret, for `add`."""
    return _entry("secret", generate=generate, extra=_flag(extra), description=_text(description))


def written(value: str, instead_of: tree.Word | None = None) -> str:
    """A value as YAML: without quotes where every reader takes it alike, unless it had quotes before."""
    if _reads_alike(value) and (instead_of is None or instead_of.plain):
        return value
    return json.dumps(value, ensure_ascii=False)


def _reads_alike(value: str) -> bool:
    plain = read_plain(value)
    if plain is None or bent(value) or not _PLAIN.fullmatch(value):
        return False
    return LiteralVariable(kind="literal", value=plain).text == value


def _entry(kind: str, **more: object) -> str:
    given = [f"{key}: {value}" for key, value in more.items() if value is not None]
    return "{" + ", ".join([f"kind: {kind}", *given]) + "}"


def _flag(given: bool) -> str | None:
    return "true" if given else None


def _text(description: str | None) -> str | None:
    return None if description is None else json.dumps(description, ensure_ascii=False)


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)


def _ending(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _place(loaded: LoadedManifest, name: str) -> str:
    at = loaded.where("variables", name)
    return f"{loaded.path}:{at.line}:{at.col}"
