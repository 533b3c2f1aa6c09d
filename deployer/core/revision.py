"""Find a release or an image by what a person names: a release number, or the image's commit. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deployer.core.release import RecordedRelease
from deployer.errors import UsageError

_NUMBER = re.compile(r"[0-9]{1,6}")  # more digits are the start of a commit
_COMMIT = re.compile(r"[0-9a-f]{7,40}(-.*)?")
_SHORT = re.compile(r"[0-9a-f]{7,39}")


def recorded(releases: Sequence[RecordedRelease], text: str, environment: str) -> RecordedRelease:
    """The release with this number or commit, whatever its outcome. Raises UsageError when there is none."""
    number = release_number(releases, text, environment)
    release = next((entry for entry in releases if entry.number == number), None)
    if release is None:
        known = f"{releases[0].number} to {releases[-1].number}" if releases else "none"
        raise UsageError(f"there is no release {number}; recorded: {known}", fix=f"just releases {environment}")
    return release


def release_number(releases: Sequence[RecordedRelease], text: str, environment: str) -> int:
    """The number of the release named by a number, a full commit, or the start of one.

    Among several releases of one commit, the newest healthy one that is not itself a rollback. Raises UsageError.
    """
    look = f"just releases {environment}"
    if _NUMBER.fullmatch(text):
        return int(text)
    if not _COMMIT.fullmatch(text):
        raise UsageError(f"{text!r} is neither a release number nor a commit of at least 7 digits", fix=look)
    tags = list(dict.fromkeys(entry.release.tag for entry in releases))
    matches = [text] if text in tags else [tag for tag in tags if tag.startswith(text)]
    if not matches:
        raise UsageError(f"there is no release of commit {text}", fix=look)
    if len(matches) > 1:
        raise UsageError(f"{text} is not unique: {', '.join(matches)}", fix="write more of the commit, or the number")
    same = [entry for entry in releases if entry.release.tag == matches[0]]
    healthy = [entry for entry in same if entry.release.healthy]
    first = [entry for entry in healthy if entry.release.rollback_to is None]
    return (first or healthy or same)[-1].number


def is_tag(text: str) -> bool:
    """Whether the text is an image's tag, such as a full commit, and not a release number or the start of a commit."""
    return not (_NUMBER.fullmatch(text) or _SHORT.fullmatch(text))


def released_tag(releases: Sequence[RecordedRelease], text: str, environment: str) -> str | None:
    """The tag of the image of a release number or of the start of a commit; None for a commit never released.

    Raises UsageError for a number that is not recorded, and for the start of several commits.
    """
    if not _NUMBER.fullmatch(text):
        return unique_tag([entry.release.tag for entry in releases], text)
    number = int(text)
    released = next((entry.release.tag for entry in releases if entry.number == number), None)
    if released is None:
        known = f"{releases[0].number} to {releases[-1].number}" if releases else "none"
        raise UsageError(f"there is no release {number}; recorded: {known}", fix=f"just releases {environment}")
    return released


def unique_tag(tags: Sequence[str], text: str) -> str | None:
    """The tag that is or begins with this text; None when there is none. Raises UsageError for several.

    Among the tags of one commit, the one without a suffix, which marks uncommitted changes.
    """
    matches = sorted({tag for tag in tags if tag.startswith(text)}, key=len)
    if not matches or text in matches:
        return text if matches else None
    if any(not tag.startswith(matches[0]) for tag in matches):
        raise UsageError(f"{text} is not unique: {', '.join(matches)}", fix="write more of the commit")
    return matches[0]
