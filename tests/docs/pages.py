"""The commands and text of the documentation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(str(page.relative_to(ROOT)) for page in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]))
_FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"\s+# (?P<words>.*)$")
_CONTINUED = re.compile(r"(?<!\\)\n(?![ ])")  # a line that ends in a backslash, or whose next one is indented
_EXITS = re.compile(r"exits with (\d+)")


@dataclass(frozen=True)
class Block:
    """Lines between fences; `line` is that of the opening one."""

    page: str
    line: int
    kind: str
    text: str

    @property
    def commands(self) -> tuple[str, ...]:
        """Each command without its comment. A comment such as "exits with 3" becomes a check of the exit code."""
        return tuple(_command(command) for command in _CONTINUED.split(self.text) if command.strip())


def _command(line: str) -> str:
    comment = _COMMENT.search(line)
    command = line[: comment.start()] if comment else line
    exits = _EXITS.search(comment["words"]) if comment else None
    return f"code=0; {command} || code=$?; [ $code -eq {exits[1]} ]" if exits else command


def blocks(page: str) -> tuple[Block, ...]:
    text = (ROOT / page).read_text()
    return tuple(
        Block(page, text.count("\n", 0, found.start()) + 1, found["kind"], found["text"])
        for found in _FENCE.finditer(text)
    )


def shell(page: str) -> tuple[Block, ...]:
    return tuple(block for block in blocks(page) if block.kind == "sh")


def prose(page: str) -> list[str]:
    """The lines outside fences."""
    return _FENCE.sub("", (ROOT / page).read_text()).splitlines()


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page: small letters, no punctuation, hyphens for blanks."""
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def inline(page: str) -> tuple[str, ...]:
    """The code spans of a page that start with just or deployer."""
    text = _FENCE.sub("", (ROOT / page).read_text())
    return tuple(" ".join(found.split()) for found in re.findall(r"`((?:\./)?(?:just|deployer) [^`]+)`", text))
