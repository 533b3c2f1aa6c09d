"""Words that this project does not use, and how often each file still has them.

`python -m tests.docs.words` counts again and writes words.json. It refuses to raise the total.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
COUNTS: Final = Path(__file__).with_name("words.json")

# Each expression, and what to write instead. A line break counts as a blank.
INSTEAD: Final = {
    r"mend(?:s|ed|ing)?": "fix",
    r"unwell|health well|(?:is|are|be|stays?|whether it is) well": "healthy, unhealthy",
    r"(?:the|whole|a) wish|wishe[sd]|what is wanted": "desired state",
    r"what was observed|how it is": "observed state, live state",
    r"(?:go|goes|going|gone|went) back": "roll back",
    r"tells?|told": "reports, shows, returns",
    r"says": "shows, reports (of a program or file)",
    r"(?<!there\s)is no (?!longer\b|more\b)[a-z]+": "is not a valid …",
    r"anew|made again": "recreated",
    r"(?:go|goes|gone|went) on (?:with|from)": "continues",
    r"tak(?:e|es|en|ing) on a role": "assume a role",
    r"goes to another process": "leased by another process",
    r"whoever|somebody|anybody": "the caller, another user, someone with permission",
    r"ones": "the noun",
    r"what (?:came|comes|has come) of it": "outcome, result",
    r"tak(?:e|es|en|ing) away|took away": "destroy, delete",
    r"look(?:s|ed|ing)? at": "reads, checks, inspects",
    r"the words of": "text",
    r"(?:a|the|another|its|which|one|each) place": "location, path, source",
    r"neighbours?": "other environments, upstream services",
    r"stands?(?! for\b)|stood": "is, is next to",
    r"for ever|long enough to": "indefinitely, after N",
    r"had back": "undone",
    r"a no|half way": "an error; partway, halfway",
    r"thing\(s\)": "the correct plural",
}
_ANY: Final = re.compile(
    r"(?<![\w-])(?:" + "|".join(text.replace(" ", r"\s+") for text in INSTEAD) + r")(?![\w-])", re.IGNORECASE
)


class Found(NamedTuple):
    """A word at a line of a file."""

    line: int
    word: str


def in_text(text: str, first_line: int = 1) -> list[Found]:
    return [Found(first_line + text.count("\n", 0, found.start()), found[0]) for found in _ANY.finditer(text)]


def in_python(source: str) -> list[Found]:
    """The words in string literals, docstrings and the constant parts of f-strings; not those in comments and names."""
    constants = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return sorted(
        found for node in constants if isinstance(node.value, str) for found in in_text(node.value, node.lineno)
    )


def in_file(path: Path) -> list[Found]:
    return (in_python if path.suffix == ".py" else in_text)(path.read_text())


def files() -> Iterator[Path]:
    """What a user reads: pages, the changelog, and the strings of both packages."""
    yield from (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))
    for package in ("ansari_whatsapp", "deployer"):
        yield from sorted((ROOT / package).rglob("*.py"))


def counted() -> dict[str, int]:
    """The number of words in each file that has any."""
    counts = {str(path.relative_to(ROOT)): len(in_file(path)) for path in files()}
    return {path: count for path, count in counts.items() if count}


def allowed() -> dict[str, int]:
    counts: dict[str, int] = json.loads(COUNTS.read_text())
    return counts


def main() -> None:
    now = counted()
    if sum(now.values()) > sum(allowed().values()):
        sys.exit("the total would grow; pytest tests/docs/test_words.py names the new words")
    COUNTS.write_text(json.dumps(now, indent=2) + "\n")


if __name__ == "__main__":
    main()
