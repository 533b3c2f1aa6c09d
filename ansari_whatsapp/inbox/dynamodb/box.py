"""A user's box: the messages of one user that wait, the lease of the first of them, and how far its answer is.

One item holds all of it, and DynamoDB applies the writes of one item one after the other. So order, one message at a
time, and the end of an old lease need nothing but a condition on that item.

| attribute | content |
|---|---|
| `ids` | the hashed wamids of the waiting messages, oldest first |
| `t_ID` | a waiting message: wamid `w`, kind `k`, text `x`, written `ts`, stored `at` by the put `o`, edits `ed`, |
| | withdrawn `wd`; of a part that is sent again, or a replayed message, the parts `p`, how many were sent `sn`, and |
| | not before `nb` |
| `l_ID` | a message that ended, with its answer for a part that does not arrive; removed within a minute |
| `own`, `held` | the token of the lease, and 1 while it is held |
| `lane`, `due` | keys of the index, while there is work: the end of the lease, or when the next try is due |
| `since` | when the work began |
| `size` | about the bytes of all messages that came since then: DynamoDB keeps no item above 400 KB |
| `n`, `started` | how often the first message was leased, and when first: its lessee asks the backend at once |
| `ans`, `sent`, `tries`, `bad`, `deaths`, `out` | the progress of the first message |
| `usr` | the user's number |
| `prof` | what is remembered of the user |
| `gone` | when DynamoDB may delete the box, while there is no work |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from ansari_whatsapp.inbox.base import AGAIN, Job, State
from ansari_whatsapp.inbox.dynamodb.attributes import (
    Item,
    Value,
    fields,
    flag,
    get_fields,
    get_flag,
    get_int,
    get_number,
    get_profile,
    get_text,
    get_texts,
    number,
    packed,
    text,
    unpacked,
)
from ansari_whatsapp.inbox.dynamodb.names import ended, waits
from ansari_whatsapp.webhook import Message, Status

LONGEST_QUEUE: Final = 100  # messages of one user that may wait
MOST_BYTES: Final = 200_000  # of a user's messages: half of an item, so that there is always room for the answer
PROGRESS: Final = ("n", "started", "ans", "sent", "tries", "bad", "deaths", "out")


@dataclass(frozen=True)
class Box:
    """A box as DynamoDB returned it."""

    item: Item

    @property
    def ids(self) -> list[str]:
        return get_texts(self.item, "ids")

    @property
    def first(self) -> str:
        return next(iter(self.ids), "")

    @property
    def own(self) -> str:
        return get_text(self.item, "own")

    @property
    def due(self) -> float:
        return get_number(self.item, "due")

    @property
    def full(self) -> bool:
        """Whether no further message may wait."""
        return len(self.ids) >= LONGEST_QUEUE or get_int(self.item, "size") >= MOST_BYTES

    def has(self, message: str) -> bool:
        """Whether the message waits here, or ended a moment ago."""
        return waits(message) in self.item or ended(message) in self.item

    def sending(self, message: str) -> bool:
        """Whether a part of the message's answer was or is being sent."""
        if "p" in (get_fields(self.item, waits(message)) or {}):
            return True
        return message == self.first and "ans" in self.item and (get_int(self.item, "sent") > 0 or bool(self.own))

    @property
    def not_before(self) -> float:
        """When the first message may be sent."""
        entry = get_fields(self.item, waits(self.first)) or {}
        return get_number(entry, "nb")

    def job(self, marker: Item | None = None) -> Job:
        """The job of the first message. `marker` is its marker, which may be a change that came before the message."""
        entry = get_fields(self.item, waits(self.first)) or {}
        stored, own = unpacked(entry, "p"), unpacked(self.item, "ans")
        answered = "ans" in self.item or bool(stored)
        asked = get_int(self.item, "n") > 1
        state = State.ANSWERED if answered else State.PROCESSING if asked else State.RECEIVED
        withdrawn = get_flag(entry, "wd")
        said = get_text(entry, "x") if "x" in entry else None
        early = marker is not None and get_text(marker, "st") == "early"
        if marker is not None and early and not withdrawn and not get_int(entry, "ed"):
            withdrawn = get_flag(marker, "wd")
            said = None if withdrawn else get_text(marker, "x")
        written = int(get_number(entry, "ts")) if "ts" in entry else None
        return Job(
            message=Message(get_text(entry, "w"), get_text(self.item, "usr"), get_text(entry, "k"), said, written),
            state=state,
            parts=own if "ans" in self.item else stored,
            sent=get_int(self.item, "sent") if "sent" in self.item else get_int(entry, "sn"),
            tries=get_int(self.item, "tries"),
            failed=get_flag(self.item, "bad"),
            started=get_number(self.item, "started") if asked or "ans" in self.item else None,
            deaths=get_int(self.item, "deaths"),
            withdrawn=withdrawn,
            edits=get_int(entry, "ed"),
            profile=get_profile(self.item, "prof"),
            lease=self.own,
        )

    def outcome(self) -> Status | None:
        """The status that came of the part which is being sent."""
        if "out" not in self.item:
            return None
        part, *rest = orjson.loads(get_text(self.item, "out"))
        return Status(*rest) if part == self.job().sent + 1 else None

    def answer_of(self, message: str) -> tuple[str, ...]:
        """The answer to a message that is being sent, or that ended a moment ago; empty if there is none."""
        if message == self.first:
            return self.job().parts
        last = get_fields(self.item, ended(message)) or {}
        return unpacked(last, "p")

    @property
    def ends(self) -> dict[str, float]:
        """By ended message, when its time is over."""
        kept = {name: get_fields(self.item, name) or {} for name in self.item if name.startswith("l_")}
        return {name.removeprefix("l_"): get_number(last, "u") for name, last in kept.items()}

    def overdue(self, now: float) -> list[str]:
        """The ended messages whose time is over."""
        return [name for name, until in self.ends.items() if until <= now]

    @property
    def ended(self) -> list[str]:
        return [name.removeprefix("l_") for name in self.item if name.startswith("l_")]


def entry(job: Job, token: str, at: float, not_before: float = 0.0) -> Value:
    """A waiting message, stored by the put with this token. One that has an answer already brings it along."""
    said, written = job.message.text, job.message.timestamp
    return fields(
        {
            "w": text(job.message.wamid),
            "k": text(job.message.kind),
            "x": None if said is None else text(said),
            "ts": None if written is None else number(written),
            "o": text(token),
            "at": number(at),
            "ed": number(job.edits),
            "wd": flag(value=True) if job.withdrawn else None,
            "p": packed(job.parts) if job.parts else None,
            "sn": number(job.sent) if job.parts else None,
            "nb": number(not_before) if not_before else None,
        }
    )


def last(job: Job, state: State, token: str, at: float, until: float) -> Value:
    """A message that the call with this token ended: its answer, for a part that does not arrive.

    Of a dead letter it is all that a replay needs.
    """
    if state is State.DONE:
        return fields(
            {"st": text("done"), "o": text(token), "p": packed(job.parts) if job.parts else None, "u": number(until)}
        )
    said, written = job.message.text, job.message.timestamp
    kept = job.parts if job.parts and not job.failed else ()  # an apology is no answer
    return fields(
        {
            "st": text("failed"),
            "o": text(token),
            "w": text(job.message.wamid),
            "usr": text(job.message.user),
            "k": text(job.message.kind),
            "x": None if said is None else text(said),
            "ts": None if written is None else number(written),
            "died": number(at),
            "p": packed(kept) if kept else None,
            "sn": number(job.sent) if kept else None,
            "u": number(until),
        }
    )


def name_of_part(message: str, part: int) -> str:
    """The name of the job that sends a part again, in place of a wamid."""
    return f"{AGAIN}:{message}:{part}"
