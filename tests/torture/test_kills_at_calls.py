"""An instance is killed before and after every call that it makes to DynamoDB, and the other one answers."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Final

import httpx
import pytest
from msgspec import Struct

from ansari_whatsapp.inbox.dynamodb.names import Names, partition
from tests.ansari_whatsapp.tables import INBOX_KEY, Tables
from tests.ansari_whatsapp.world import until
from tests.loopback import NO_TLS
from tests.torture.dynamo_proxy import Death, Watch
from tests.torture.fleet import Balancer, Fleet, Instance, fleet
from tests.torture.people import Person, wait_for_all

PATIENCE: Final = 60.0  # seconds
ASKED_FOR: Final = 0.4  # seconds that the backend takes: an edit comes meanwhile
TRIES: Final = 3  # of a case: a slow machine may extend a lease in one run and not in the next


class Message(Struct, frozen=True):
    """A message that is taken through the service."""

    kind: str = ""
    long: bool = False


MESSAGES: Final = {"one part": Message(), "edited": Message(kind="edit"), "two parts": Message(long=True)}
# Whether an idle instance keeps its processor. If so, the webhook leases its message in the call that stores it.
PLATFORMS: Final = {"idle cpu": "true", "cpu by request": "false"}
SAMPLE: Final = {
    ("idle cpu", "one part"): (Death(1, after=True), Death(4, after=True)),
    ("idle cpu", "edited"): (Death(3, after=True), Death(5, after=False)),
    ("idle cpu", "two parts"): (Death(4, after=False),),
    ("cpu by request", "one part"): (Death(3, after=True),),
}


class Writer(Person):
    """A person whose messages reach the first instance while it runs, and the other one after that."""

    def address(self) -> str:
        first = self.fleet.instances[0]
        return f"http://127.0.0.1:{first.port}" if first.running else self.fleet.url


class Users:
    """Makes people, each with a number of their own."""

    def __init__(self, made: Fleet) -> None:
        self.made = made
        self._count = 0

    def new(self) -> Writer:
        self._count += 1
        return Writer(self.made, f"1558555{self._count:04}", self._count, 0.0)


@pytest.fixture(scope="module", params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def users(platform: str, tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Users]:
    """People who write to a fleet of two. Meta's statuses reach the second instance, as they may."""

    def to_the_second(instances: list[Instance], seed: int) -> Balancer:
        return Balancer(lambda: [instances[1].port], seed)

    folder = tmp_path_factory.mktemp("kills")
    name, idle = f"kills-{platform.replace(' ', '-')}", PLATFORMS[platform]
    with fleet(tables, folder, count=2, table=name, balancing=to_the_second, IDLE_CPU=idle) as made:
        made.change("meta", "limits", window_seconds=None, throughput=None, pair=False)
        made.change("backend", "faults", headers_delay={"seconds": ASKED_FOR, "route": "process"})
        yield Users(made)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", MESSAGES)
def test_the_other_instance_answers_after_a_death_at_any_call(
    platform: str, name: str, full: bool, request: pytest.FixtureRequest
) -> None:
    cases = SAMPLE.get((platform, name), ())
    if not full and not cases:
        pytest.skip("`just torture` takes each message through each platform")
    users, message = request.getfixturevalue("users"), MESSAGES[name]
    if full:
        calls = take_through(users.new(), message, None)
        print(f"\n{platform}, {name}: {len(calls)} calls: {' '.join(calls)}")  # noqa: T201
        cases = tuple(Death(number, after) for number in range(1, len(calls) + 1) for after in (False, True))
    for death in cases:
        died = any(take_through(users.new(), message, death) is DIED for _ in range(TRIES))
        assert died, f"no instance died {death}"


DIED: Final[list[str]] = ["died"]


def take_through(person: Writer, message: Message, death: Death | None) -> list[str]:
    """Take a message from its webhook to its end; the first instance dies on the way, or is stopped at its end.

    What an instance keeps of an ended message is deleted when it stops, if not before. Another message of the same
    user follows, and at last Meta delivers both once more. Returns the calls of the first instance about this user, or
    DIED. Fails if an answer is lost, not in its turn, or repeated in more than one part, or at all without a death.
    """
    made, first = person.fleet, person.fleet.instances[0]
    assert first.proxy is not None
    if not first.running:
        first.start()
        until(lambda: made.up(first), PATIENCE)
    deaths, watch = first.deaths, Watch(partition(Names(INBOX_KEY).user(person.user)), death)
    first.proxy.watch = watch
    with httpx.Client(verify=NO_TLS, timeout=8) as http:
        said = person.say(http, message.kind, long=message.long)
        until(lambda: not first.running or not person.missing(), PATIENCE)
        first.signal(signal.SIGTERM)
        behind = person.say(http)
        wait_for_all(made, [person], PATIENCE)
        for body in (said, behind):
            assert person.deliver(http, body)
    wait_for_all(made, [person], PATIENCE)
    died = first.deaths - deaths
    again = person.repeated()
    assert again <= died, f"{again} parts were repeated: {death}"
    return DIED if died else watch.calls
