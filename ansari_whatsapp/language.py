"""Which language a text is in, by its script and its letters. Good enough to choose a notice, nothing more."""

from __future__ import annotations

_URDU, _PERSIAN = set("ٹڈڑںےہھ"), set("پچژگ")
_RANGES = (
    ("ar", 0x0600, 0x06FF),
    ("ar", 0x0750, 0x077F),
    ("bn", 0x0980, 0x09FF),
    ("hi", 0x0900, 0x097F),
    ("ru", 0x0400, 0x04FF),
    ("he", 0x0590, 0x05FF),
)


def detect(text: str) -> str:
    """The two-letter code of the language; "en" when the script does not say."""
    counts: dict[str, int] = {}
    letters = [letter for letter in text[:500] if letter.isalpha()]
    for letter in letters:
        code = next((code for code, low, high in _RANGES if low <= ord(letter) <= high), "en")
        counts[code] = counts.get(code, 0) + 1
    best = max(counts, key=lambda code: counts[code], default="en")
    if best != "ar":
        return best
    if _URDU.intersection(letters):
        return "ur"
    return "fa" if _PERSIAN.intersection(letters) else "ar"
