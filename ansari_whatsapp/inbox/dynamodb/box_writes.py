"""The writes of a user's box, each with the condition under which DynamoDB makes it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from ansari_whatsapp.inbox.base import Job
from ansari_whatsapp.inbox.dynamodb.attributes import (
    Item,
    Value,
    flag,
    get_fields,
    get_number,
    get_text,
    number,
    profile,
    text,
    texts,
)
from ansari_whatsapp.inbox.dynamodb.box import LONGEST_QUEUE, MOST_BYTES, PROGRESS, Box
from ansari_whatsapp.inbox.dynamodb.names import BOX, ended, lane, partition, waits
from ansari_whatsapp.inbox.dynamodb.write import Write


def put_alone(name: str, one: Value, user: str, number_of_user: str, now: float) -> Write:
    """Put a message into a box without work."""
    write = Write()
    write.set("ids", texts([name]))
    write.set(waits(name), one)
    write.set("usr", text(number_of_user))
    write.set("lane", text(lane(user)))
    write.set("since", number(now))
    write.set("size", number(len(orjson.dumps(one))))
    write.remove("gone", *PROGRESS)
    write.when(write.absent(waits(name)), write.absent(ended(name)))
    write.when(f"{write.absent('ids')} OR {write.size('ids', '=', 0)}")
    return write


def put_behind(name: str, one: Value) -> Write:
    """Put a message behind those that wait in the box."""
    write = Write()
    write.append("ids", texts([name]))
    write.set(waits(name), one)
    write.grow("size", len(orjson.dumps(one)))
    write.when(f"{write.absent('size')} OR {write.compare('size', '<', number(MOST_BYTES))}")
    write.when(write.absent(waits(name)), write.absent(ended(name)))
    write.when(write.size("ids", ">", 0), write.size("ids", "<", LONGEST_QUEUE))
    return write


def stored_by(token: str, box: Box, name: str) -> bool:
    """Whether the put with this token stored the message, and the reply was lost."""
    return get_text(get_fields(box.item, waits(name)) or {}, "o") == token


def pop_first(job: Job, name: str, end: Value | None, overdue: Sequence[str]) -> Write:
    """Take the first message off its box, and keep how it ended."""
    write = Write()
    write.remove("ids[0]", waits(name), *PROGRESS, *(ended(old) for old in overdue))
    if end is not None:
        write.set(ended(name), end)
        write.set("prof", profile(job.profile))
    write.when(write.compare("own", "=", text(job.lease)), write.compare("ids[0]", "=", text(name)))
    return write


def lease_box(write: Write, token: str, until: float, now: float, *, first: bool) -> None:
    """Lease a box. A lease that nobody returned counts as a death of its holder."""
    write.set("own", text(token))
    write.set("due", number(until))
    write.set("held", number(1))
    if first:
        write.set("n", number(1))
        write.set("started", number(now))
    else:
        write.add("deaths", "held")
        write.count("n")
        write.set_if_absent("started", number(now))


def set_progress(write: Write, job: Job) -> None:
    """Store a step that has ended: its lessee survived it."""
    write.remove("deaths")
    write.set("sent", number(job.sent))
    write.set("tries", number(job.tries))
    write.set("bad", flag(value=job.failed))
    write.set("prof", profile(job.profile))
    if job.started is not None:
        write.set("started", number(job.started))


def key_of(user: str) -> dict[str, Value]:
    return {"pk": text(partition(user)), "sk": text(BOX)}


def user_of(item: Item) -> str:
    return get_text(item, "pk").removeprefix(partition(""))


def go_on_to_next(write: Write, known: Box, now: float) -> None:
    """Let the lease go on to the next message of the user."""
    following = known.ids[1]
    stored = get_fields(known.item, waits(following)) or {}
    write.set("n", number(1))
    write.set("started", number(now))
    write.set("since", number(get_number(stored, "at", now)))
    write.when(write.compare("ids[1]", "=", text(following)))


def change_message(name: str, said: str | None) -> Write:
    write = Write()
    write.count(f"{waits(name)}.ed")
    if said is None:
        write.set(f"{waits(name)}.wd", flag(value=True))
        write.remove(f"{waits(name)}.x")
    else:
        write.set(f"{waits(name)}.x", text(said))
        write.grow("size", len(said.encode()))
        write.when(f"{write.absent('size')} OR {write.compare('size', '<', number(MOST_BYTES))}")
    write.when(write.exists(waits(name)))
    return write
