"""Meta delivers everything again and again, in any order, and the service is started anew in between."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from ansari_whatsapp.backend import Answer
from ansari_whatsapp.conversation import to_parts
from ansari_whatsapp.signature import HEADER, Signer
from deployer.local.backend.answers import answer_to
from tests import loopback
from tests.ansari_whatsapp.world import APP_SECRET, CONTROLS, envelope, text, until, value
from tests.loopback import NO_TLS
from tests.torture.service import Killable, killable


@pytest.mark.timeout(1800)
def test_each_message_is_answered_once_however_often_it_comes(tmp_path: Path, full: bool) -> None:
    users, each, storms = (60, 20, 8) if full else (6, 5, 3)
    chance = random.Random(5)
    questions = {f"wamid.storm.{user}.{n}": (f"1557000{user:04}", n) for user in range(users) for n in range(each)}
    people = sorted({user for user, _ in questions.values()})
    posts = 0
    with killable(tmp_path) as service:
        service.change("meta", "limits", window_seconds=None, throughput=None, pair=False)
        for storm in range(storms):
            service.start()
            until(service.up)
            deliveries = [*questions] * 3
            chance.shuffle(deliveries)
            posts += _deliver(service, [_message(wamid, *questions[wamid]) for wamid in deliveries], chance)
            until(lambda: all(_complete(service, user, each) for user in people), 120)
            time.sleep(0.5)  # for what must not come
            if storm < storms - 1:
                service.kill(signal.SIGTERM if storm % 2 else signal.SIGKILL)
        for user in people:
            assert Counter(_sent(service, user)) == Counter(_expected(user, each))
    print(f"\n{len(questions)} messages, each delivered {3 * storms} times in {posts} webhooks: one answer each")  # noqa: T201


def _message(wamid: str, user: str, number: int) -> dict[str, Any]:
    return text(_question(user, number), wamid, user)


def _question(user: str, number: int) -> str:
    return f"question {number} of {user}"


def _deliver(service: Killable, messages: Sequence[dict[str, Any]], chance: random.Random) -> int:
    """In webhooks of one to twelve messages, some of them twice in the same one; returns how many webhooks."""
    count = 0
    with httpx.Client(verify=NO_TLS) as http:
        for batch in _batches(messages, chance):
            values = [value(*batch[::2], *batch[:1]), value(*batch[1::2])]
            body = envelope(*values)
            headers = {HEADER: Signer(APP_SECRET).sign(body)}
            assert http.post(f"{service.url}/whatsapp/v2", content=body, headers=headers).status_code == 200
            count += 1
    return count


def _batches(messages: Sequence[dict[str, Any]], chance: random.Random) -> Iterator[Sequence[dict[str, Any]]]:
    at = 0
    while at < len(messages):
        size = chance.randint(1, 12)
        yield messages[at : at + size]
        at += size


def _expected(user: str, each: int) -> list[str]:
    answers = [answer_to(_question(user, number)).text for number in range(each)]
    return [part for answer in answers for part in to_parts(Answer(answer, complete=True))]


def _sent(service: Killable, user: str) -> list[str]:
    chat = loopback.get(f"{service.meta}/_local/chats/{user}", headers=CONTROLS).json()
    return [message["text"] for message in chat["messages"] if message["sender"] == "service"]


def _complete(service: Killable, user: str, each: int) -> bool:
    return set(_sent(service, user)) >= set(_expected(user, each))
