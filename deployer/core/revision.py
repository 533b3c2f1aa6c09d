"""A release named by a person: by its number, or by the commit of its image. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deployer.core.release import RecordedRelease
from deployer.errors import UsageError

_NUMBER = re.compile(r"[0-9]{1,6}")  # more digits are the start of a commit
_COMMIT = re.compile(r"[0-9a-f]{7,40}(-.*)?")


def release_number(releases: Sequence[RecordedRelease], text: str, environment: str) -> int:
    """The number of the release that a number, a full commit, or the start of one names.

    Of several releases of one commit it is the newest healthy one that is not itself a rollback. Raises UsageError.
    """
    look = f"just releases {environment}"
    if _NUMBER.fullmatch(text):
        return int(text)
    if not _COMMIT.fullmatch(text):
        raise UsageError(f"{text!r} is neither a release number nor a commit of at least 7 digits", fix=look)
    tags = list(dict.fromkeys(entry.release.tag for entry in releases))
    found = [text] if text in tags else [tag for tag in tags if tag.startswith(text)]
    if not found:
        raise UsageError(f"there is no release of commit {text}", fix=look)
    if len(found) > 1:
        raise UsageError(f"{text} is not unique: {', '.join(found)}", fix="write more of the commit, or the number")
    same = [entry for entry in releases if entry.release.tag == found[0]]
    healthy = [entry for entry in same if entry.release.healthy]
    first = [entry for entry in healthy if entry.release.rollback_to is None]
    return (first or healthy or same)[-1].number
