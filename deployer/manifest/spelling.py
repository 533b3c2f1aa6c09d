"""Guess what a misspelt word was meant to be."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Final

LONGEST_KEY: Final = 64


def close(word: str, known: Collection[str]) -> str | None:
    """The known word that was probably meant."""
    return _closest(word, tuple(known)) if len(word) <= LONGEST_KEY else None


@lru_cache(maxsize=4096)
def _closest(word: str, known: tuple[str, ...]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 -- a good manifest needs none of it

    return next(iter(get_close_matches(word, known, n=1, cutoff=0.7)), None)
