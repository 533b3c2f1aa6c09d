"""The cause of a change on GitHub. Data, no text."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class CauseKind(StrEnum):
    """The kind of a cause. Programs read these values, so they never change their meaning."""

    NEW = "new"  # GitHub lacks it
    OPEN_TO_ALL = "open-to-all"  # every branch may deploy
    OPEN_TO_PROTECTED = "open-to-protected"  # every protected branch may deploy
    BRANCH_NAMED = "branch-named"  # protect.branches names the branch
    BRANCH_NOT_NAMED = "branch-not-named"  # protect.branches no longer names the branch
    NOT_ASKED = "not-asked"  # the manifest no longer asks for it
    OTHER_VALUE = "other-value"  # GitHub has another value
    NOT_FROM_HERE = "not-from-here"  # the deployer did not send GitHub's secret
    OTHER_VERSION = "other-version"  # SSM has another version than GitHub was sent
    CHANGED_LATER = "changed-later"  # the secret in SSM is newer than GitHub's
    REPLACED = "replaced"  # the secret was replaced on GitHub
    RECORD_NEW = "record-new"  # GitHub has no record of the deployer
    RECORD_OTHER = "record-other"  # the record names other names or versions


class Cause(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The cause of a change.

    Of a secret: `version` is SSM's, `sent` the one that GitHub was sent, `changed` and `there` the times of SSM's and
    GitHub's, in seconds since 1970.
    """

    kind: CauseKind
    version: int | None = None
    sent: int | None = None
    changed: float | None = None
    there: float | None = None
