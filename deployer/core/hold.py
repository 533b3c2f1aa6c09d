"""A hold: why nothing is deployed to an environment until someone lifts it. Pure.

A rollback places one, so that the next reconcile does not deploy again what was rolled back from. An operator places
one by hand for an incident; then nothing but rollback, status and logs works.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct, field, to_builtins
from msgspec.structs import asdict, replace

from deployer.core.record_format import FORMAT, STAMP, unknown_fields, with_unknown
from deployer.core.release import RecordedRelease, Release
from deployer.core.service import Settings
from deployer.secrecy import scrubbed

LONGEST_REASON: Final = 200  # characters
REMEMBERED: Final = 20  # sources that stay refused over several rollbacks
AfterRollback = Literal["hold", "deploy"]


class Hold(Struct, frozen=True):
    """A hold as the ledger keeps it. `id` is the consent to lift exactly this hold; `when` is ISO 8601 in UTC.

    `kind` is "rollback", "manual" or "unreadable"; a kind that this version does not know counts as manual. `release`
    is the number of the release that was rolled back from, `to` the release that serves since. `refused` are the
    sources (see `source_id`) that were rolled back from, oldest first. A hold in a newer `format` counts as manual.
    Of an unreadable hold only the `id` is known. `unknown` are fields that another version of the deployer wrote: they
    are kept.
    """

    id: str
    kind: str
    who: str
    when: str
    reason: str
    release: int | None = None
    to: int | None = None
    refused: tuple[str, ...] = ()
    format: int = FORMAT
    unknown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def strict(self) -> bool:
        """Whether only a person can lift it, whatever the manifest allows."""
        return self.kind != "rollback" or self.format > FORMAT

    def _known(self) -> dict[str, Any]:
        fields = {**asdict(self), "refused": list(self.refused)}
        del fields["unknown"]
        return fields

    @property
    def readable(self) -> bool:
        return self.kind != "unreadable"

    def to_text(self) -> str:
        """The hold as JSON without known secrets. SSM refuses a value that contains "{{", which only a reason can."""
        fields = with_unknown({**STAMP, **self._known()}, self.unknown)
        text = json.dumps(scrubbed(fields), sort_keys=True)
        return text.replace("{{", "{\\u007b")

    @classmethod
    def from_text(cls, text: str) -> Hold:
        """Parse a hold. Unknown fields are kept; invalid text becomes a hold of kind "unreadable"."""
        try:
            fields: Any = json.loads(text)
            read = cls(
                id=_word(fields, "id"),
                kind=_word(fields, "kind"),
                who=one_line(_word(fields, "who")),
                when=one_line(_word(fields, "when")),
                reason=one_line(_word(fields, "reason")),
                release=_number(fields, "release"),
                to=_number(fields, "to"),
                refused=tuple(str(source) for source in fields.get("refused") or ()),
                format=_number(fields, "format") or 1,
            )
            return replace(read, unknown=unknown_fields(fields, {**STAMP, **read._known()}))
        except (TypeError, ValueError, KeyError, AttributeError):
            mark = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:12]
            return cls(mark, "unreadable", "", "", "")


class Sources(Struct, frozen=True):
    """The two ends of a rollback: the numbers of both releases, and the sources to refuse from now on."""

    release: int | None
    to: int
    refused: tuple[str, ...]


def source_id(image: str, literals: Mapping[str, str], variables: Sequence[str], settings: Settings) -> str:
    """The id of what a commit decides about a release: image, literals, names of all variables, settings.

    A new value of a secret does not change it: it must not lift a hold.
    """
    parts = [image, dict(literals), sorted(variables), to_builtins(settings)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def source_of(release: Release) -> str | None:
    """The source of a recorded release; None for a record that lacks a part of it."""
    if release.settings is None:
        return None
    return source_id(release.image, release.literals, list(release.versions), release.settings)


def rolled_back(
    releases: Sequence[RecordedRelease], running: RecordedRelease | None, target: int, source: str
) -> Sources:
    """The ends of a rollback to release `target`, whose source is `source`.

    It rolls back from the running release and also from the newest one, if that failed: the next push would deploy it
    again.
    """
    newest = releases[-1] if releases and not releases[-1].release.healthy else None
    left = [
        entry for entry in (running, newest) if entry is not None and source_of(entry.release) not in {None, source}
    ]
    refused = tuple(dict.fromkeys(rejected for entry in left if (rejected := source_of(entry.release))))
    return Sources(left[-1].number if left else None, target, refused)


def refused_after(old: Hold | None, sources: Sources, source: str) -> tuple[str, ...]:
    """The sources that a hold refuses after a rollback to `source`: all earlier and new sources except that."""
    every = (*(old.refused if old else ()), *sources.refused)
    return tuple(dict.fromkeys(one for one in every if one != source))[-REMEMBERED:]


def refuses(hold: Hold | None, source: str, after_rollback: str, *, rollback: bool) -> bool:
    """Whether a plan that would deploy `source` is refused. A rollback never is."""
    if hold is None or rollback:
        return False
    return hold.strict or after_rollback != "deploy" or source in hold.refused


def after_rollback(old: Hold | None, sources: Sources, refused: tuple[str, ...], new: Hold) -> Hold:
    """The hold that a rollback places. `new` gives who and when; a manual hold stays manual and keeps its reason."""
    if old is not None and old.strict:
        return replace(old, release=sources.release, to=sources.to, refused=refused)
    return replace(new, kind="rollback", release=sources.release, to=sources.to, refused=refused)


def by_hand(old: Hold | None, new: Hold) -> Hold:
    """The hold that an operator places. It keeps the refused sources of an earlier rollback."""
    if old is None or not old.readable:
        return replace(new, kind="manual")
    return replace(old, id=new.id, kind="manual", who=new.who, when=new.when, reason=new.reason)


def one_line(text: str) -> str:
    """Make text safe to show: on one line, without control characters, at most as long as a reason may be."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:LONGEST_REASON]


def _word(fields: Mapping[str, Any], key: str) -> str:
    value = fields[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value


def _number(fields: Mapping[str, Any], key: str) -> int | None:
    value = fields.get(key)
    return value if isinstance(value, int) else None
