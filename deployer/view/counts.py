"""Numbers with their nouns."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 problem`, `2 problems`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def to_fix(count: int) -> str:
    """`1 problem must be fixed first`."""
    return f"{counted(count, 'problem')} must be fixed first"
