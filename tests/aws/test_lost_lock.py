"""A lock that is lost between a read and the write that follows it, at the very moment that is worst."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from deployer.aws import lock, lock_record
from deployer.aws.fresh import FRESH
from deployer.aws.session import Session
from deployer.errors import LockLost, Refused, StateUnknown
from tests.aws.test_calls import another, body, hold, write


@contextmanager
def at(session: Session, event: str, then: Callable[[], object]) -> Iterator[None]:
    """Do something once when the lock's client comes to an event of botocore."""
    events, done = session.lock_ssm.meta.events, threading.Event()

    def once(**_: object) -> None:
        if not done.is_set():
            done.set()
            then()

    events.register(event, once)
    try:
        yield
    finally:
        events.unregister(event, once)


def delete(session: Session, name: str) -> None:
    another(session).ssm.delete_parameter(Name=name)


def test_a_heartbeat_that_arrives_after_the_lock_was_broken_brings_no_lock_back(session: Session, fresh: str) -> None:
    """It was sent before `just unlock`, or by a process that was stopped right before sending it."""
    name = f"/{fresh}/lock"
    with hold(session, f"/{fresh}", who="one", verb="reconcile") as held:
        held.beat()
        broken = at(session, "before-send.ssm.PutParameter", lambda: delete(session, name))
        with broken, pytest.raises(LockLost) as lost:
            held.intend(release="abc", content="c", image="i", tag="t")
        assert "just unlock" in lost.value.why
        assert lock.read(session.ssm, f"/{fresh}") is None
        with pytest.raises(LockLost):
            held.prove()
    assert lock.read(session.ssm, f"/{fresh}") is None


def test_a_heartbeat_that_arrives_when_another_run_has_as_many_versions_is_lost(session: Session, fresh: str) -> None:
    name = f"/{fresh}/lock"

    def another_takes_it() -> None:
        theirs = json.dumps(body(session, f"/{fresh}") | {"id": "another", "holder": "two"})
        delete(session, name)
        another(session).lock_ssm.put_parameter(Name=name, Value=theirs, Type="String")

    with hold(session, f"/{fresh}", who="one", verb="reconcile") as held:
        with at(session, "before-send.ssm.PutParameter", another_takes_it), pytest.raises(LockLost) as lost:
            held.beat()
        assert lost.value.why.startswith("two (process ")
        with pytest.raises(LockLost):
            held.prove()


def test_what_a_run_without_its_lock_could_not_find_out_is_that_the_lock_is_lost(session: Session, fresh: str) -> None:
    """It slept through another run, whose release answers now."""
    name = f"/{fresh}"

    def fail(what: str, before: Callable[[], object] = lambda: None) -> None:
        with hold(session, name, who="one", verb="resume"):
            before()
            raise StateUnknown(what)

    with pytest.raises(LockLost, match="lost the lock") as lost:
        fail("another release answers", lambda: delete(session, f"{name}/lock"))
    assert "just unlock" in lost.value.why
    with pytest.raises(StateUnknown, match="nothing answers"):
        fail("nothing answers")


def test_an_answer_that_came_before_a_sleep_is_asked_for_again(session: Session, fresh: str) -> None:
    """The process is stopped between AWS's answer and reading it; meanwhile the lock is broken."""
    name = f"/{fresh}/lock"

    def sleep() -> None:
        delete(session, name)
        time.sleep(FRESH)

    with hold(session, f"/{fresh}", who="one", verb="reconcile") as held:
        with at(session, "after-call.ssm.GetParameter", sleep), pytest.raises(LockLost):
            held.started("operation")
        assert lock.read(session.ssm, f"/{fresh}") is None


def test_an_old_lock_that_was_broken_and_taken_in_this_moment_is_not_taken_over(session: Session, fresh: str) -> None:
    name, gone = f"/{fresh}/lock", (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    write(session, f"/{fresh}", host="another-machine", expires=gone)
    theirs = lock_record.mine("three", "reconcile").text()

    def another_takes_it() -> None:
        delete(session, name)
        another(session).lock_ssm.put_parameter(Name=name, Value=theirs, Type="String")

    two = another(session)
    with (
        at(two, "after-call.ssm.GetParameter", another_takes_it),
        pytest.raises(Refused, match=r"three .* is working on this environment"),
        hold(two, f"/{fresh}", who="two", verb="reconcile"),
    ):
        pytest.fail("two hold it")
