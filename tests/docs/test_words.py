"""The words that this project does not use: pages have none, and the number in the code can only shrink."""

from __future__ import annotations

import pytest

from tests.docs import words


def test_no_file_has_a_new_forbidden_word() -> None:
    allowed = words.allowed()
    found = {str(path.relative_to(words.ROOT)): words.in_file(path) for path in words.files()}
    new = [
        f"{path}:{line}: {word!r}"
        for path, many in found.items()
        if len(many) > allowed.get(path, 0)
        for line, word in many
    ]
    assert not new, "\n".join(new)


def test_the_allowed_numbers_are_those_of_today() -> None:
    assert words.allowed() == words.counted(), "run `python -m tests.docs.words` and commit words.json"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mend it.", ["Mend"]),
        ("recommend, understand, amend, a stand-alone file", []),
        ("there is no key; it is no longer here", []),
        ("that is no address", ["is no address"]),
        ("it goes\nback", ["goes\nback"]),
    ],
)
def test_what_counts_as_a_forbidden_word(text: str, found: list[str]) -> None:
    assert [one.word for one in words.in_text(text)] == found


def test_strings_docstrings_and_f_strings_of_python_are_read() -> None:
    source = '"""Mend."""\nmend = 1  # mend\ntext = f"anew {mend} for ever"\n'
    assert [one.word for one in words.in_python(source)] == ["Mend", "anew", "for ever"]
