from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ansari_whatsapp.markdown import LONGEST, to_whatsapp
from ansari_whatsapp.marks import spans_in
from ansari_whatsapp.split import LIMIT, split_blocks, units


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
        ("a &amp; b \\*c\\*", "a & b *\u2060c*"),
        ("**Quran 39:3:**Arabic", "*Quran 39:3:* Arabic"),  # without the blank, WhatsApp shows the stars
        ("said [1] so", "said [1] so"),
        ("C# is a language", "C# is a language"),
        ("```py\nf(x)# note\n```", "```f(x)# note```"),
        ("one<br>two", "one\ntwo"),
        ("| a | b |\n|---|---|\n| 1<br>2 | 3 |", "- a: 1 2, b: 3"),
        ("[a@b.example](mailto:a@b.example)", "a@b.example"),
        ("<https://a.example/ن>", "https://a.example/ن"),
        ("قال.# عنوان\n\nنص", "قال.\n\n*عنوان*\n\nنص"),
        ("```some words here\ncode\n```", "```some words here\ncode```"),
        ("```c++\ncode\n```", "```code```"),
        ("```\n```\n\ntext", "text"),
        ("~~~\na ``` b\n~~~", "```a `\u2060`` b```"),
        ("- a\n\n  ```py\n  b\n    c\n  ```", "- a\n   ```b\n  c```"),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 | |\n| 4 |", "- a: 1, b: 2, 3\n- a: 4"),
        ("> | a | b |\n> |---|---|\n> 1 | 2 | x \\| y", "> - a: 1, b: 2, x | y"),
        ("| a | b |\n|---|---|\n| 1 | |\n| | |", "- a: 1, b: –\n- b: –"),
        ("| a | b |\n|---|---|\n| \\*1 | 2\\* |", "- a: *\u20601, b: 2*"),
        ("**bold**word", "boldword"),
        ("wo**rd**", "word"),
        ("و**الصبر**، **صبرٌ**جميل", "والصبر، صبرٌجميل"),
        ("قال **(نص)**و", "قال *(نص)* و"),
        ("(*a*)b", "(_a_)b"),
        ("⚠️**Note**", "⚠️*Note*"),
        ("the `list`s and `more`", "the lists and `more`"),
        ("a*b*c and 2**3 or 4*x y, 2*3", "a*b*c and 2**3 or 4*x y, 2*3"),
        ("**a\\* b** c", "a* b c"),
        ("\\*\\*c\\*\\* and &ast;d&ast;", "*\u2060*\u2060c** and *\u2060d*"),
        ("a_b_c, ____, 5\\* and 6\\*, ~5 or ~6", "a_b_c, ____, 5* and 6*, ~5 or ~6"),
        ("about ~5 (~6~)", "about ~\u20605 (~\u20606~)"),
        ("``a` b``", "a` b"),
        ("a ``` here\n\n```\nb\n```", "a `\u2060`\u2060`\u2060 here\n\n```b```"),
        ("see https://a.example/__init__/x_y_ and", "see https://a.example/__init__/x_y_ and"),
        ("https://a.example/*a*", "https://a.example/*a*"),
        ("_(https://a.example/_a_)_ \\_b\\_", "_(https://a.example/_a_)_ _\u2060b_"),
        ("**https://a.example/_a_(b)**: c", "*https://a.example/_a_(b)*: c"),
        (
            "<https://a.example/_a_> and [b](https://a.example/*a*)",
            "https://a.example/_a_ and b (https://a.example/*a*)",
        ),
        ("https://a.example/?a=1&amp;b\\_c.", "https://a.example/?a=1&b_c."),
        ('[a](https://a.example "Title *b*")', "a (https://a.example – Title *\u2060b*)"),
        ("![](https://a.example/i.png) ![alt *x*](i_i_i)", "https://a.example/i.png alt _x_ (i_i_i)"),
        ("0. a\n1. b", "0. a\n1. b"),
        ("- [ ] a\n- [x] b", "- [ ] a\n- [x] b"),
        ("a <tag> b[^1]\n\n[^1]: c", "a <tag> b[^1]\n\n[^1]: c"),
        ("- " * 12 + "deep", "- " + "• " * 11 + "deep"),
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


def letters(text: str) -> list[str]:
    return re.findall(r"[^\W_]", text)


phrase = st.lists(st.sampled_from(["one", "آيَة", "سورة", "ہے", "naïve", "2"]), min_size=1, max_size=5).map(" ".join)
inline_forms = """{}|**{}**|*{}*|***{}***|~~{}~~|`{}`|**{}:**{}|{}**{}**|wo**rd**|\\*{}\\*|**{}|a_b_c|2*3*4|{}  |<tag>
x[^1]|[{}](https://a.example/x_y)|[{}](https://a.example 'titled {}')|![](https://a.example/i)|![{}](i.png)|said [1]
<https://a.example/x_y>|https://a.example/__x__/_y_""".replace("\n", "|").split("|")
phrases = st.builds(lambda form, text: form.replace("{}", text), st.sampled_from(inline_forms), phrase)
Written = tuple[str, list[str]]  # markdown, and the letters and digits that are to be seen
texts = st.lists(phrases, min_size=1, max_size=4).map("\n".join).map(lambda text: (text.strip(), letters(text)))


def joined(each: list[Written]) -> Written:
    """Blocks with rules between them, or two lists would become one."""
    return "\n\n---\n\n".join(markdown for markdown, _ in each), [letter for _, shown in each for letter in shown]


def behind(first: str, block: Written) -> Written:
    """The block as the content of a quote or an item of a list."""
    rest = first if first == "> " else " " * len(first)
    markdown, shown = block
    return first + markdown.replace("\n", f"\n{rest}"), [*letters(first), *shown]


def tabulated(rows: list[list[str]]) -> Written:
    """A table whose rows have two cells or more under two headings."""
    head, *body = rows
    lines = [f"| {' | '.join(head[:2])} |", "|---|---|", *(f"| {' | '.join(row)} |" for row in body)]
    shown = [f"{head[0]} {row[0]} {head[1]} {' '.join(row[1:])}" for row in body]
    return "\n".join(lines), letters(" ".join(shown))


headings = st.tuples(st.sampled_from(["# ", "### "]), phrases).map(lambda each: ("".join(each), letters(each[1])))
codes = st.tuples(st.sampled_from(["", "python", "some words", "c++", "سورة آية"]), phrases).map(
    lambda each: (f"```{each[0]}\n{each[1]}\n```", letters((each[0] if " " in each[0] else "") + each[1]))
)
notes = phrases.map(lambda text: (f"[^1]: {text}", letters(f"1{text}")))
tables = st.lists(st.lists(phrase, min_size=2, max_size=4), min_size=2, max_size=4).map(tabulated)
leaves = st.one_of(texts, headings, codes, notes, tables)
firsts = st.sampled_from(["> ", "- ", "* ", "0. ", "7. "])
documents = st.recursive(
    leaves, lambda inner: st.builds(behind, firsts, st.lists(inner, min_size=1, max_size=3).map(joined)), max_leaves=6
)


@settings(max_examples=500)
@given(st.lists(documents, min_size=1, max_size=4).map(joined), st.integers(60, 300))
def test_every_letter_is_shown_in_its_place(document: Written, limit: int) -> None:
    markdown, expected = document
    assert letters("\n".join(split_blocks(to_whatsapp(markdown), limit))) == expected


pieces = ["a", "صَ", " ", ".", ":", "(", ")", "*", "**", "_", "__", "~", "~~", "`", "\\*", "\\_", "\\`", "\nb "]
stars_of_a_product = re.compile(r"[^\W_][*]+[^\W_]")


def visible(shown: str) -> str:
    """What is left of a text when WhatsApp has hidden the marks that it reads."""
    marks = [(at, len(mark)) for start, end, mark in spans_in(shown) for at in (start, end - len(mark))]
    hidden = {at + offset for at, length in marks for offset in range(length)}
    return "".join(letter for at, letter in enumerate(shown) if at not in hidden)


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(pieces), max_size=25).map(lambda each: "a " + "".join(each)))
def test_whatsapp_hides_the_marks_that_a_browser_hides_and_shows_the_others(text: str) -> None:
    html = MarkdownIt("commonmark").enable("strikethrough").render(text)
    seen = unescape(re.sub("<[^>]+>", "", html))
    assume("**" not in seen and not stars_of_a_product.search(text))  # these are shown in another way on purpose
    shown = visible("\n\n".join(to_whatsapp(text)))
    assert "".join(shown.replace("\u2060", "").split()) == "".join(seen.split())


blocks = st.lists(st.text(alphabet="ab. \n؟ن👨‍👩‍👧é", min_size=1, max_size=120).filter(str.strip), max_size=12)


@given(blocks, st.integers(20, 200))
def test_nothing_is_lost_no_message_is_blank_and_all_fit(given_blocks: list[str], limit: int) -> None:
    messages = split_blocks(given_blocks, limit)
    assert all(message.strip() and units(message) <= limit for message in messages)
    assert "".join("".join(messages).split()) == "".join("".join(given_blocks).split())


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=9), min_size=1, max_size=200), st.integers(20, 100))
def test_no_word_that_fits_is_cut(words: list[str], limit: int) -> None:
    assert " ".join(split_blocks([" ".join(words)], limit)).split() == words


def test_messages_are_filled() -> None:
    assert split_blocks(["a" * 30] * 4, 64) == (("a" * 30 + "\n\n" + "a" * 30),) * 2


def test_the_limit_counts_as_javascript_does() -> None:
    assert units("👨") == 2
    assert LIMIT <= 4096


def test_a_family_is_not_torn_apart() -> None:
    family = "👨‍👩‍👧"
    messages = split_blocks([family * 30], 50)
    assert all(message.count("👨") == message.count("👧") for message in messages)


@pytest.mark.parametrize("grapheme", ["👨‍👩‍👧", "🇸🇦", "각", "é", "بِّ", "क्षि", "👍🏽"])
def test_no_grapheme_is_torn_apart(grapheme: str) -> None:
    assert all(len(message) % len(grapheme) == 0 for message in split_blocks([grapheme * 60], 50))


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
    for message in split_blocks(to_whatsapp(markdown), limit):
        assert units(message) <= limit
        assert message.count("```") % 2 == 0
        for line in re.sub(r"(?s)```.*?```", "", message).splitlines():
            assert [line.count(mark) % 2 for mark in "*_~`"] == [0, 0, 0, 0], line
            assert not re.search(r"\*\*|__|~~|``", line), line


@given(answers, st.integers(60, 300))
def test_marks_and_cuts_lose_no_word(markdown: str, limit: int) -> None:
    word = re.compile(r"[^\W_]+|🕌")
    assert word.findall("\n".join(split_blocks(to_whatsapp(markdown), limit))) == word.findall(markdown)


@given(answers)
def test_a_message_that_fits_is_cut_no_further(markdown: str) -> None:
    for message in split_blocks(to_whatsapp(markdown), 300):
        assert split_blocks([message], 300) == (message,)


@given(answers)
def test_plain_paragraphs_stay_as_they_are(markdown: str) -> None:
    plain = [" ".join(re.findall(r"\w+", block)) for block in markdown.split("\n\n")]
    plain = [block for block in plain if block]
    assert to_whatsapp("\n\n".join(plain)) == plain


@given(answers, st.integers(60, 300))
def test_a_heading_is_never_the_end_of_a_message(markdown: str, limit: int) -> None:
    assert all(not message.endswith("*A heading*") for message in split_blocks(to_whatsapp(markdown), limit))
