"""The tag of a part, by which Meta's statuses name it."""

from __future__ import annotations

from typing import NamedTuple, Self

from ansari_whatsapp.short_hash import hash_text


class Tag(NamedTuple):
    """Identifies a part to Meta, which repeats it in the statuses of that part.

    `part` counts from 1, `again` how often the part was sent again. `user` and `message` are the inbox's own names.
    `text` is a short hash of the part's text: a message may get another answer, when its writer edits it or an operator
    replays it, and a late status of the first answer must not count for the second. It is "" in the tags of an
    older version, and such a tag fits every text.
    """

    part: int
    again: int
    user: str
    message: str
    text: str = ""

    def __str__(self) -> str:
        again = f"{self.again}.{self.text}" if self.text else str(self.again)
        return f"{self.part}:{again}:{self.user}:{self.message}"

    @classmethod
    def of(cls, part: int, again: int, user: str, message: str, parts: tuple[str, ...]) -> Self:
        """Return the tag of a part of this answer."""
        return cls(part, again, user, message, hash_text(b"", text_of(parts, part)))

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """Return the tag; None for any other text."""
        part, _, rest = (text or "").partition(":")
        again, _, rest = rest.partition(":")
        user, _, message = rest.partition(":")
        again, dot, hashed = again.partition(".")
        if not (_is_small(part) and _is_small(again) and user and message and bool(dot) == bool(hashed)):
            return None
        return cls(int(part), int(again), user, message, hashed)

    def fits(self, parts: tuple[str, ...]) -> bool:
        """Return whether the part may be one of this answer."""
        return 1 <= self.part <= len(parts) and self.text in {"", hash_text(b"", text_of(parts, self.part))}


def text_of(parts: tuple[str, ...], part: int) -> str:
    """Return the text of a part, "" if the answer has none of this number."""
    return parts[part - 1] if 1 <= part <= len(parts) else ""


def is_of(text: str | None, tag: str) -> bool:
    """Return whether the tag in a status is this tag, or the same one in an older version."""
    other, own = Tag.parse(text), Tag.parse(tag)
    return other is not None and own is not None and other in {own, own._replace(text="")}


def _is_small(number: str) -> bool:
    return len(number) < 4 and number.isascii() and number.isdecimal()
