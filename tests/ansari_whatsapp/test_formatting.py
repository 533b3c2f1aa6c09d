from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansari_whatsapp.markdown import LONGEST, _parsed, _parser, to_whatsapp
from ansari_whatsapp.split import LIMIT, split, units


@pytest.mark.parametrize(
    ("markdown", "whatsapp"),
    [
        ("plain", "plain"),
        ("**bold** and *italic* and ~~gone~~", "*bold* and _italic_ and ~gone~"),
        ("***both***", "_*both*_"),
        ("__bold__ and _italic_", "*bold* and _italic_"),
        ("# Title\n\ntext", "*Title*\n\ntext"),
        ("# **Bold** title\n\ntext", "*Bold title*\n\ntext"),
        ("Let me search.# Title\n\ntext", "Let me search.\n\n*Title*\n\ntext"),
        ("Title\n===\n\ntext", "*Title*\n\ntext"),
        ("last\n\n## Heading", "last\n\n*Heading*"),
        ("* one\n* two", "- one\n- two"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("- a\n  - b\n  - c\n- d", "- a\n   • b\n   • c\n- d"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("[text](https://a.example/x_y_z)", "text (https://a.example/x_y_z)"),
        ("<https://a.example>", "https://a.example"),
        ("`a*b*c` and\n\n```python\na**b # c\n```", "`a*b*c` and\n\n```a**b # c```"),
        ("> quoted\n> twice", "> quoted\n> twice"),
        ("one\n\n---\n\ntwo", "one\n\ntwo"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |", "- a: 1, b: 2\n- a: 3, b: 4"),
        ("a &amp; b \\*c\\*", "a & b *c*"),
        ("**Quran 39:3:**Arabic", "*Quran 39:3:*Arabic"),
        ("said [1] so", "said [1] so"),
        ("C# is a language", "C# is a language"),
        ("```py\nf(x)# note\n```", "```f(x)# note```"),
        ("one<br>two", "one\ntwo"),
        ("| a | b |\n|---|---|\n| 1<br>2 | 3 |", "- a: 1 2, b: 3"),
        ("[a@b.example](mailto:a@b.example)", "a@b.example"),
        ("<https://a.example/ن>", "https://a.example/ن"),
        ("قال.# عنوان\n\nنص", "قال.\n\n*عنوان*\n\nنص"),
    ],
)
def test_what_whatsapp_shows(markdown: str, whatsapp: str) -> None:
    assert "\n\n".join(to_whatsapp(markdown)) == whatsapp


@pytest.mark.parametrize("marks", ["**a ", "*a", "_a ", "[", "![", "`", "> ", "- ", "|a", "~~a "])
def test_a_flood_of_marks_is_still_rendered(marks: str) -> None:
    text = marks * (LONGEST // len(marks))
    assert "".join(to_whatsapp(text)).count("a") == text.count("a")


def test_many_bold_items_stay_bold() -> None:
    items = "\n".join(f"- **item {number}**" for number in range(600))
    assert to_whatsapp(items)[0].splitlines()[599] == "- *item 599*"


def test_a_heading_stays_with_what_follows_it() -> None:
    assert to_whatsapp("intro\n\n# A\n\n## B\n\ntext\n\nmore") == ["intro", "*A*\n\n*B*\n\ntext", "more"]


@given(st.text(max_size=300))
def test_any_text_is_rendered_without_blank_blocks(text: str) -> None:
    assert all(block.strip() for block in to_whatsapp(text))


@given(st.text(alphabet=st.characters(categories=["L", "N", "Zs"]), max_size=200))
def test_letters_and_digits_are_kept(text: str) -> None:
    shown = "".join(to_whatsapp(text))
    assert re.findall(r"\w", shown) == re.findall(r"\w", text)


signs = ["1.", "**", "~~", "```", "~~~", "|-", "---", "![", "&amp;", "    ", "\n\n", *"a-*_`>#|=[]()<&\\: \t\n"]
markup = st.lists(st.sampled_from(signs), max_size=30).map("".join)


@settings(max_examples=1000)
@given(markup)
def test_rules_that_are_left_out_would_not_have_matched(text: str) -> None:
    every_rule = _parser(frozenset())
    assert [token.as_dict() for token in _parsed(text)] == [token.as_dict() for token in every_rule.parse(text)]


blocks = st.lists(st.text(alphabet="ab. \n؟ن👨‍👩‍👧é", min_size=1, max_size=120).filter(str.strip), max_size=12)


@given(blocks, st.integers(20, 200))
def test_nothing_is_lost_no_message_is_blank_and_all_fit(given_blocks: list[str], limit: int) -> None:
    messages = split(given_blocks, limit)
    assert all(message.strip() and units(message) <= limit for message in messages)
    assert "".join("".join(messages).split()) == "".join("".join(given_blocks).split())


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=9), min_size=1, max_size=200), st.integers(20, 100))
def test_no_word_that_fits_is_cut(words: list[str], limit: int) -> None:
    assert " ".join(split([" ".join(words)], limit)).split() == words


def test_messages_are_filled() -> None:
    assert split(["a" * 30] * 4, 64) == (("a" * 30 + "\n\n" + "a" * 30),) * 2


def test_the_limit_counts_as_javascript_does() -> None:
    assert units("👨") == 2
    assert LIMIT <= 4096


def test_a_family_is_not_torn_apart() -> None:
    family = "👨‍👩‍👧"
    messages = split([family * 30], 50)
    assert all(message.count("👨") == message.count("👧") for message in messages)


@pytest.mark.parametrize("grapheme", ["👨‍👩‍👧", "🇸🇦", "각", "é", "بِّ", "क्षि", "👍🏽"])
def test_no_grapheme_is_torn_apart(grapheme: str) -> None:
    assert all(len(message) % len(grapheme) == 0 for message in split([grapheme * 60], 50))


words = st.lists(st.sampled_from(["one", "آية", "سورة", "naïve", "🕌", "2"]), min_size=1, max_size=25).map(" ".join)
marked = st.tuples(st.sampled_from(["**", "*", "~~", "`", "***", ""]), words).map(
    lambda each: each[0] + each[1] + each[0]
)
paragraphs = st.lists(marked, min_size=1, max_size=4).map(" and ".join)
code = st.lists(words, min_size=1, max_size=8).map(lambda lines: "```\n" + "\n".join(lines) + "\n```")
headed = paragraphs.map(lambda text: f"## A heading\n\n{text}")
listed = st.lists(paragraphs, min_size=1, max_size=5).map(lambda items: "\n".join(f"- {item}" for item in items))
answers = st.lists(st.one_of(paragraphs, code, headed, listed), min_size=1, max_size=6).map("\n\n".join)


@given(answers, st.integers(60, 300))
def test_every_message_closes_the_marks_it_opens(markdown: str, limit: int) -> None:
    for message in split(to_whatsapp(markdown), limit):
        assert units(message) <= limit
        assert message.count("```") % 2 == 0
        for line in re.sub(r"(?s)```.*?```", "", message).splitlines():
            assert [line.count(mark) % 2 for mark in "*_~`"] == [0, 0, 0, 0], line
            assert not re.search(r"\*\*|__|~~|``", line), line


@given(answers, st.integers(60, 300))
def test_marks_and_cuts_lose_no_word(markdown: str, limit: int) -> None:
    word = re.compile(r"[^\W_]+|🕌")
    assert word.findall("\n".join(split(to_whatsapp(markdown), limit))) == word.findall(markdown)


@given(answers)
def test_a_message_that_fits_is_cut_no_further(markdown: str) -> None:
    for message in split(to_whatsapp(markdown), 300):
        assert split([message], 300) == (message,)


@given(answers)
def test_plain_paragraphs_stay_as_they_are(markdown: str) -> None:
    plain = [" ".join(re.findall(r"\w+", block)) for block in markdown.split("\n\n")]
    plain = [block for block in plain if block]
    assert to_whatsapp("\n\n".join(plain)) == plain


@given(answers, st.integers(60, 300))
def test_a_heading_is_never_the_end_of_a_message(markdown: str, limit: int) -> None:
    assert all(not message.endswith("*A heading*") for message in split(to_whatsapp(markdown), limit))
