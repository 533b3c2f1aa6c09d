"""Guess the language of a text by its script, letters and common words. It is used to choose a notice only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

LOOKED_AT = 500  # characters
_URDU, _PERSIAN = set("ٹڈڑںےہ"), set("پچژگ")
_RANGES = (
    ("ar", 0x0600, 0x06FF),
    ("ar", 0x0750, 0x077F),
    ("bn", 0x0980, 0x09FF),
    ("hi", 0x0900, 0x097F),
    ("ru", 0x0400, 0x04FF),
    ("he", 0x0590, 0x05FF),
)
_WORD = re.compile(r"[^\W\d_]+")

# Short common words. One that several of these languages have counts for each of them.
_COMMON: Final[Mapping[str, str]] = {
    "en": "the is are was what how when who why which of and to in for do does did can could should would if it i you"
    " my me we this that with about on from have has not be there please tell",
    "fr": "le la les un une des du de est sont et ou que qui quoi quel quelle comment pourquoi quand dans pour avec sur"
    " je tu il elle nous vous mon ma mes ce cette pas ne peut faire au aux bonjour",
    "tr": "ve bir bu ne nasıl neden niçin kim hangi mi mı mu mü için ile da de var yok değil midir nedir olur mudur"
    " ben sen biz siz benim çok ama eğer namaz kaç selam merhaba",
    "id": "apa apakah bagaimana kenapa mengapa kapan siapa yang dan di ke dari untuk dengan tidak bisa saya anda kamu"
    " ini itu adalah atau jika tolong karena hukumnya bagi gimana nggak",
    "ms": "apa apakah bagaimana kenapa mengapa bila siapa yang dan di ke dari untuk dengan tidak boleh saya anda awak"
    " ini itu adalah atau jika sila kerana macam mana nak tak ialah",
}
_WORDS: Final = {code: frozenset(words.split()) for code, words in _COMMON.items()}
_ONLY_TURKISH = set("ğışİ")


def detect(text: str) -> str:
    """Return the two-letter code of the language; "en" if neither script nor words identify it."""
    text = text[:LOOKED_AT]
    counts: dict[str, int] = {}
    letters = [letter for letter in text if letter.isalpha()]
    for letter in letters:
        code = next((code for code, low, high in _RANGES if low <= ord(letter) <= high), "en")
        counts[code] = counts.get(code, 0) + 1
    best = max(counts, key=lambda code: counts[code], default="en")
    if best == "en":
        return _by_words(text)
    if best != "ar":
        return best
    if _URDU.intersection(letters):
        return "ur"
    return "fa" if _PERSIAN.intersection(letters) else "ar"


def _by_words(text: str) -> str:
    """Return the language in Latin letters with the most common words in the text, if at least two are there."""
    words = [word.casefold() for word in _WORD.findall(text)]
    hits = {code: sum(word in known for word in words) for code, known in _WORDS.items()}
    hits["tr"] += 2 * bool(_ONLY_TURKISH.intersection(text))
    best = max(hits, key=lambda code: hits[code])
    return best if hits[best] >= 2 and hits[best] > hits["en"] else "en"
