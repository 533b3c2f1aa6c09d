"""People who write to a fleet, edit and withdraw, and check that each message was answered once and in its turn."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from ansari_whatsapp.backend import Answer
from ansari_whatsapp.conversation import to_parts
from ansari_whatsapp.inbox.dynamodb.box import Box
from ansari_whatsapp.signature import HEADER, Signer
from deployer.local.backend.answers import answer_to
from tests import loopback
from tests.ansari_whatsapp.world import APP_SECRET, CONTROLS, envelope, text, value
from tests.loopback import NO_TLS
from tests.torture.fleet import Fleet

NO_ANSWER_FOR: Final = 90.0  # seconds in which nothing comes although something is missing
NOTHING_WAITS_FOR: Final = 6.0  # seconds in which nothing waits either
FIRST_PAUSE: Final = 0.05  # seconds before a webhook is delivered again; each further one is twice as long
LONGEST_PAUSE: Final = 1.0
UNANSWERED: Final = 4  # messages after which a person waits for an answer: on a slow machine they would only pile up


@dataclass
class Person:
    """Somebody who writes, edits and withdraws, and to whom Meta delivers everything at least once.

    `answers` has an entry for each acknowledged message, in order: every answer that would be right, each as its parts.
    """

    fleet: Fleet
    user: str
    seed: int
    pause: float
    answers: list[list[tuple[str, ...]]] = field(default_factory=list)
    redelivered: int = 0
    changed: int = 0
    came: dict[int, str] = field(default_factory=dict)  # what the service sent, by its place in the chat
    revision: int = 0  # of the chat, when it was read last

    def write(self, stop: threading.Event) -> None:
        chance = random.Random(self.seed)
        limits = httpx.Limits(max_keepalive_connections=0)  # each request reaches any instance
        with httpx.Client(verify=NO_TLS, timeout=8, limits=limits) as http:
            while not stop.is_set():
                self._one(http, chance)
                stop.wait(chance.uniform(0.0, self.pause))
                while self.missing() >= UNANSWERED and not stop.is_set():
                    stop.wait(0.3)

    def write_one(self) -> None:
        """Write one message, and wait until it is acknowledged."""
        with httpx.Client(verify=NO_TLS, timeout=8) as http:
            self._one(http, random.Random(f"{self.seed} {len(self.answers)}"))

    def _one(self, http: httpx.Client, chance: random.Random) -> None:
        long = chance.random() < 0.2
        kind = (
            chance.choice(["edit before", "withdrawal before", "edit", "withdrawal"]) if chance.random() < 0.2 else ""
        )
        message = self.say(http, kind, long=long)
        if chance.random() < 0.3:  # Meta may deliver once more what was acknowledged, to whatever instance
            self.deliver(http, message)

    def say(self, http: httpx.Client, kind: str = "", *, long: bool = False) -> bytes:
        """Write a message and deliver it until it is acknowledged. Returns the body of its webhook.

        `kind` says whether it is edited or withdrawn, and whether Meta delivers that first.
        """
        number = len(self.answers)
        question, wamid = f"question {number} of {self.user}", f"wamid.{self.user}.{number}"
        if long:
            question = f"a long {question}"
        better = f"better {question}"
        message = envelope(value(text(question, wamid, self.user)))
        edit = envelope(value(edited(better, wamid, self.user)))
        withdrawal = envelope(value(withdrawn(wamid, self.user)))
        self.changed += bool(kind)
        if kind.endswith("before"):
            self._until_acknowledged(http, edit if kind == "edit before" else withdrawal)
        self._until_acknowledged(http, message)
        right: dict[str, list[tuple[str, ...]]] = {
            "": [parts_of(question)],
            "edit before": [parts_of(better)],
            "withdrawal before": [()],
            "edit": [parts_of(question), parts_of(better)],
            "withdrawal": [parts_of(question), ()],
        }
        self.answers.append(right[kind])
        if kind in {"edit", "withdrawal"}:
            self._until_acknowledged(http, edit if kind == "edit" else withdrawal)
        return message

    def address(self) -> str:
        """Where Meta delivers to."""
        return self.fleet.url

    def _until_acknowledged(self, http: httpx.Client, body: bytes) -> None:
        pause = FIRST_PAUSE
        while not self.deliver(http, body):
            self.redelivered += 1
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def deliver(self, http: httpx.Client, body: bytes) -> bool:
        """Deliver a webhook. Returns whether it was acknowledged."""
        headers = {HEADER: Signer(APP_SECRET).sign(body), "Content-Type": "application/json"}
        try:
            answer = http.post(f"{self.address()}/whatsapp/v2", content=body, headers=headers)
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    def got(self) -> list[str]:
        """Everything the service sent, in order."""
        url = f"{self.fleet.meta}/_local/chats/{self.user}?after={self.revision}"
        chat = loopback.get(url, headers=CONTROLS).json()
        self.came |= {each["seq"]: each["text"] for each in chat["messages"] if each["sender"] == "service"}
        self.revision = chat["revision"]
        return [self.came[place] for place in sorted(self.came)]

    def missing(self) -> int:
        """How many messages have no whole answer yet."""
        got = set(self.got())
        return sum(not any(got.issuperset(answer) for answer in answers) for answers in self.answers)

    def repeated(self) -> int:
        """How many parts came twice.

        Fails unless every message was answered once, rightly and in order, and only the last part is ever repeated.
        """
        got, at, again, before = self.got(), 0, 0, ""
        for number, answers in enumerate(self.answers):
            while at < len(got) and got[at] == before:
                at, again = at + 1, again + 1
            answer = next((parts for parts in answers if parts and got[at : at + 1] == [parts[0]]), None)
            if answer is None:
                assert () in answers, self._wrong(number, got[at : at + 1])
                continue
            for part in answer:
                while at < len(got) and got[at] == before:
                    at, again = at + 1, again + 1
                assert got[at : at + 1] == [part], self._wrong(number, got[at : at + 1])
                at, before = at + 1, part
        while at < len(got) and got[at] == before:
            at, again = at + 1, again + 1
        assert at == len(got), f"after everything was answered there came {got[at][:80]!r}"
        return again

    def _wrong(self, number: int, came: list[str]) -> str:
        return f"message {number} of {self.user} is not answered in its turn; there came {[text[:80] for text in came]}"


def edited(text_: str, wamid: str, user: str) -> dict[str, Any]:
    """Meta's notification of an edit."""
    message = {"from": user, "id": wamid, "type": "text", "text": {"body": text_}}
    edit = {"original_message_id": wamid, "message": message}
    return {"from": user, "id": f"{wamid}.edit", "timestamp": "1790000000", "type": "edit", "edit": edit}


def withdrawn(wamid: str, user: str) -> dict[str, Any]:
    """Meta's notification that a message was deleted by its writer."""
    revoke = {"original_message_id": wamid}
    return {"from": user, "id": f"{wamid}.revoke", "timestamp": "1790000000", "type": "revoke", "revoke": revoke}


def parts_of(question: str) -> tuple[str, ...]:
    """The parts of the answer that the local backend gives."""
    return to_parts(Answer(answer_to(question).text, True))


@contextmanager
def writing(
    fleet: Fleet, users: int, seed: int, pause: float = 0.4, patience: float = NO_ANSWER_FOR
) -> Iterator[list[Person]]:
    """People who write for as long as this lasts; at its end all that was acknowledged has been answered."""
    stop = threading.Event()
    people = [Person(fleet, f"1557{seed % 1000:03}{n:04}", seed * 1000 + n, pause) for n in range(users)]
    threads = [threading.Thread(target=person.write, args=(stop,), daemon=True) for person in people]
    for thread in threads:
        thread.start()
    try:
        yield people
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    wait_for_all(fleet, people, patience)


def _waited_for(fleet: Fleet, people: list[Person]) -> str:
    """The last messages of each person who misses an answer, and the boxes that still have work."""
    missed = [f"{person.user} got {person.got()[-3:]}" for person in people if person.missing()]
    return "\n".join([*missed, *(str(item) for item in fleet.table() if Box(item).ids)])


def wait_for_all(fleet: Fleet, people: list[Person], patience: float) -> None:
    """Wait until every message has its answer and nothing waits; fails when nothing comes any more."""
    come, since = -1, time.monotonic()
    waited = since  # when something waited last
    while True:
        missing, waiting = sum(person.missing() for person in people), fleet.waiting()
        if not missing and not waiting:
            return
        now, got = time.monotonic(), sum(len(person.got()) for person in people)
        if got > come:
            come, since = got, now
        if waiting:
            waited = now
        late = now - since >= patience or now - max(waited, since) >= NOTHING_WAITS_FOR
        assert not late, f"{missing} answers have not come: {_waited_for(fleet, people)}"
        time.sleep(0.5)
