"""What an operator asks of the running service, over HTTP, and of its table with the service's own command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansari_whatsapp.notices import Notice
from tests.ansari_whatsapp.tables import INBOX_KEY, REGION, Tables
from tests.ansari_whatsapp.world import ROOT, World, running, text, until, value

TOKEN = "operator-token-0123456789"
AS_OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
QUESTION = "a question nobody answers"
EMPTY = {"waiting": 0, "with_backend": 0, "being_sent": 0, "retrying": 0}

Ask = Callable[..., Any]


@pytest.fixture(scope="module", params=["sqlite", "dynamodb"])
def operated(request: pytest.FixtureRequest) -> Iterator[World]:
    more: dict[str, str] = {"OPERATOR_TOKEN": TOKEN, "TRIES": "2"}
    if request.param == "dynamodb":
        tables: Tables = request.getfixturevalue("tables")
        tables.create("inbox-operated")
        url = f"dynamodb://inbox-operated?region={REGION}"
        more |= {"INBOX_URL": url, "INBOX_KEY": INBOX_KEY, **tables.environ}
    with running(within=(), port=None, **more) as world:
        yield world


def over_http(world: World, verb: str, *ids: str) -> Any:
    url = f"{world.service}/inbox"
    if verb == "replay":
        body = {"ids": list(ids)} if ids else {"all": True}
        return world.http.post(f"{url}/replay", json=body, headers=AS_OPERATOR).json()
    return world.http.get(url if verb == "inbox" else f"{url}/dead", headers=AS_OPERATOR).json()


def by_command(world: World, verb: str, *ids: str) -> Any:
    """The service's own command, in another process and without the key that hashes numbers and wamids."""
    names = ("PATH", "INBOX_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    all_of_them = ["--all"] if verb == "replay" and not ids else []
    done = subprocess.run(
        [sys.executable, "-m", "ansari_whatsapp", verb, "--json", *ids, *all_of_them],
        cwd=ROOT,
        env={name: world.environ[name] for name in names if name in world.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def give_up(world: World, user: str) -> str:
    """Let the service give up a message; returns its wamid."""
    world.fault("backend", empty_answer={"user": user})
    said = world.say(QUESTION, user)
    assert world.answer(user, said["wamid"]) == [Notice.NO_ANSWER.value]
    until(lambda: over_http(world, "dead")["letters"])
    world.http.delete(f"{world.backend}/_local/faults")
    return str(said["wamid"])


@pytest.mark.parametrize(("ask", "user"), [(over_http, "15557780001"), (by_command, "15557780002")])
def test_what_was_given_up_is_listed_and_answered_after_all(operated: World, ask: Ask, user: str) -> None:
    wamid = give_up(operated, user)
    until(lambda: ask(operated, "inbox")["users"] == 0)
    report, dead = ask(operated, "inbox"), ask(operated, "dead")
    assert (report["given_up"], report["states"], report["complete"]) == (1, EMPTY, True)
    [letter] = dead["letters"]
    assert (set(letter), letter["kind"]) == ({"id", "died", "kind"}, "text")
    done = ask(operated, "replay", letter["id"], "17")
    assert (done["replayed"], done["unknown"], done["stopped"]) == ([letter["id"]], ["17"], "")
    assert 1 <= done["starts_within_seconds"] <= 6
    operated.wait_for_sent(user, 2)
    for shown in map(json.dumps, (report, dead, done)):
        assert not any(secret in shown for secret in (wamid, user, QUESTION, TOKEN, INBOX_KEY))
    until(lambda: ask(operated, "dead")["letters"] == [])
    assert ask(operated, "replay") == {**done, "replayed": [], "unknown": []}


def test_a_message_under_way_is_counted(operated: World) -> None:
    operated.fault("backend", headers_delay={"seconds": 60, "user": "15557780003"})
    operated.deliver(value(text("first", "wamid.first", "15557780003"), text("second", "wamid.second", "15557780003")))
    until(lambda: over_http(operated, "inbox")["states"]["with_backend"] == 1)
    report = over_http(operated, "inbox")
    assert (report["users"], report["messages"], report["states"]["waiting"]) == (1, 2, 1)
    assert 0 <= report["oldest_seconds"] < 60
    operated.http.delete(f"{operated.backend}/_local/faults")


def test_each_start_of_an_instance_has_an_id_of_its_own(operated: World) -> None:
    names = {over_http(operated, verb)["instance"] for verb in ("inbox", "dead", "replay")}
    assert len(names) == 1
    assert len(names.pop()) == 8


def test_a_replay_for_another_instance_is_refused_where_each_has_its_own_inbox(operated: World) -> None:
    instance = over_http(operated, "inbox")["instance"]
    for named, expected in ((instance, 200), ("0" * 8, 200 if "dynamodb" in operated.environ["INBOX_URL"] else 409)):
        answer = operated.http.post(
            f"{operated.service}/inbox/replay", json={"all": True, "instance": named}, headers=AS_OPERATOR
        )
        assert (answer.status_code, answer.json()["instance"]) == (expected, instance)


@pytest.mark.parametrize("path", ["/inbox", "/inbox/dead", "/inbox/replay"])
@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"bearer {TOKEN}", TOKEN])
def test_only_the_token_opens_them(operated: World, path: str, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    method = "POST" if path.endswith("replay") else "GET"
    answer = operated.http.request(method, operated.service + path, json={"all": True}, headers=headers)
    # the client of the tests sends a token of its own where none is given
    assert (answer.status_code, answer.json()) == (403, {"error": "forbidden"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"all": false}',
        b'{"ids": []}',
        b'{"ids": [17]}',
        b'{"ids": "17"}',
        b'{"ids": ["\xc3\xa9"]}',
        b'{"ids": ["' + b"1" * 101 + b'"]}',
        b'{"ids": ["1"], "all": true}',
        b'{"all": true, "instance": 5}',
        b'{"ids": ["1\\n"]}',
    ],
)
def test_a_replay_of_anything_else_is_refused(operated: World, body: bytes) -> None:
    answer = operated.http.post(f"{operated.service}/inbox/replay", content=body, headers=AS_OPERATOR)
    assert answer.status_code == 400


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "1 ", "9" * 10])
def test_a_limit_is_a_number(operated: World, limit: str) -> None:
    answer = operated.http.get(f"{operated.service}/inbox/dead", params={"limit": limit}, headers=AS_OPERATOR)
    assert (answer.status_code, answer.json()) == (400, {"error": "limit has to be a number from 1"})
    answer = operated.http.get(f"{operated.service}/inbox/dead", params={"limit": "1"}, headers=AS_OPERATOR)
    assert answer.json()["letters"] == []


def test_without_a_token_there_are_no_such_pages(world: World) -> None:
    for path in ("/inbox", "/inbox/dead"):
        assert world.http.get(world.service + path, headers=AS_OPERATOR).status_code == 303
    assert world.http.post(f"{world.service}/inbox/replay", headers=AS_OPERATOR).status_code == 303


def test_a_table_that_is_not_there_is_reported_by_its_code(tables: Tables) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ansari_whatsapp", "inbox", "--json"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "INBOX_URL": f"dynamodb://none?region={REGION}", **tables.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, json.loads(done.stdout)) == (1, {"error": "ResourceNotFoundException"})
