"""The recipes, verbs, files and headings that the documentation names exist, and its commands are in tested blocks."""

from __future__ import annotations

import re

import pytest

from deployer.cli import DEPLOYER
from deployer.cli.command import Group
from tests.docs.pages import PAGES, ROOT, anchors, blocks, inline, prose

RECIPES = set(re.findall(r"^@?([\w-]+)(?: [^#\n]*)?:(?: |$)", (ROOT / "Justfile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_every_block_names_its_language(page: str) -> None:
    for block in blocks(page):
        assert block.kind in {"sh", "text", "yaml", "json", "mermaid", "python"}, f"{page}:{block.line}"
        typed = re.search(r"^(\./)?(just|deployer|aws|git) ", block.text, re.MULTILINE)
        assert not typed or block.kind == "sh", f"{page}:{block.line}: commands that no test runs"


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", *PAGES])
def test_commands_in_the_text_exist(page: str) -> None:
    for command in inline(page):
        program, word, *rest = command.removeprefix("./").split()
        if program == "just":
            assert word in RECIPES, f"{page}: {command}"
        else:
            verb = DEPLOYER.verbs.get(word)
            assert verb or word.startswith("-"), f"{page}: {command}"
            assert not isinstance(verb, Group) or not rest or rest[0] in verb.verbs, f"{page}: {command}"


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", *PAGES])
def test_links_lead_to_a_file_and_a_heading(page: str) -> None:
    for target, heading in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", (ROOT / page).read_text()):
        if target.startswith("https://"):
            continue
        linked = (ROOT / page).parent / target if target else ROOT / page
        assert linked.exists(), f"{page}: {target}"
        assert not heading or heading in anchors(linked.read_text()), f"{page}: {target}#{heading}"


GENERATED = ("docs/reference/manifest.md", "docs/reference/settings.md")
LONG_LINES = (*GENERATED, "docs/contributing/speed.md")


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", *(page for page in PAGES if page not in LONG_LINES)])
def test_lines_of_text_have_at_most_100_columns(page: str) -> None:
    """Tables, commands, output and what cannot be broken, such as a link, may be longer."""
    for line in prose(page):
        assert len(line) <= 100 or line.startswith(("|", "<img")) or " " not in line.strip(), f"{page}: {line}"


def test_pages_that_the_code_names_exist() -> None:
    """Errors, comments and generated files send their reader to a page by its path."""
    sources = [
        *(ROOT / "deployer").rglob("*.py"),
        *(ROOT / "ansari_whatsapp").rglob("*.py"),
        *(ROOT / "tests" / "manifests").iterdir(),
    ]
    for source in (*sources, ROOT / "Dockerfile", ROOT / "Justfile"):
        for page in re.findall(r"(?<![\w/.])docs/[\w./-]+\.(?:md|json)", source.read_text()):
            assert (ROOT / page).is_file(), f"{source.relative_to(ROOT)}: {page}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[str] = set()
    waiting = ["README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or not page.endswith(".md"):
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text())
        waiting += [str(((ROOT / page).parent / link).resolve().relative_to(ROOT)) for link in links]
    assert set(PAGES) <= seen
