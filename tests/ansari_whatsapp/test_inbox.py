"""What every inbox promises; each implementation runs the same tests."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from ansari_whatsapp.inbox import (
    AGAIN,
    Changed,
    Inbox,
    InboxFull,
    Job,
    LeaseLost,
    Profile,
    SeenMessage,
    SentNotice,
    State,
    Tag,
)
from ansari_whatsapp.inbox.base import KEEP_SENT
from ansari_whatsapp.inbox.dynamodb.box import LONGEST_QUEUE, MOST_BYTES
from ansari_whatsapp.inbox_report import report_dead
from ansari_whatsapp.webhook import Message, Status
from tests.ansari_whatsapp.inboxes import INBOXES, Clock, Engine

Make = Callable[..., Awaitable[Inbox]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=list(INBOXES))
def engine(request: pytest.FixtureRequest, clock: Clock) -> Engine:
    """One place where messages are kept; each inbox that it opens is another instance on the same messages."""
    made: Engine = INBOXES[request.param](request, clock)
    return made


def run(engine: Engine, test: Callable[[Make], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        async with AsyncExitStack() as stack:

            async def opened(capacity: int = 100) -> Inbox:
                inbox = engine(capacity)
                await inbox.open()
                stack.push_async_callback(inbox.aclose)
                return inbox

            await test(opened)

    asyncio.run(whole())


def message(wamid: str, user: str = "15550000001") -> Message:
    return Message(wamid, user, "text", f"the text of {wamid}", None)


OTHER = "15550000002"


async def take(inbox: Inbox, now: float = 1000.0) -> Job:
    job = await inbox.lease(now, now + 60)
    assert job is not None
    return job


async def nothing_due(inbox: Inbox, now: float = 1000.0) -> bool:
    return await inbox.lease(now, now + 60) is None


async def after(inbox: Inbox, job: Job, state: State = State.DONE, now: float = 1000.0) -> Job:
    """Finish a job; return the job that comes after it."""
    following = await inbox.finish(job, state)  # an inbox may lease the user's next job in the same step
    return following or await take(inbox, now)


def test_what_is_put_comes_out_once_and_in_order_per_user(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        assert (await inbox.put([message("a1"), message("a2"), message("b1", OTHER)])).new == 3
        jobs = {job.message.wamid: job for job in (await take(inbox), await take(inbox))}
        assert jobs.keys() == {"a1", "b1"}
        assert await nothing_due(inbox)
        assert (await after(inbox, jobs["a1"])).message.wamid == "a2"

    run(engine, test)


def test_what_one_instance_stored_another_answers(engine: Engine) -> None:
    async def test(make: Make) -> None:
        one, other = await make(), await make()
        await one.put([message("a1"), message("a2")])
        job = await take(other)
        assert job.message == message("a1")
        assert await nothing_due(one)
        assert (await other.put([message("a1")])).new == 0
        assert (await after(other, job)).message.wamid == "a2"

    if engine.shared:
        run(engine, test)


def test_the_work_of_a_named_user_is_leased(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox, other = await make(), await make()
        await inbox.put([message("a1"), message("a2"), message("b1", OTHER)])
        name = inbox.name_of(OTHER)
        turn = await other.lease_user(name, 1000, 1060)
        assert turn.job is not None
        if not inbox.shared:
            assert (name, await inbox.due(1000)) == ("", ())
            return
        assert OTHER not in name
        assert turn.job.message.wamid == "b1"
        assert await inbox.due(1000) == [inbox.name_of("15550000001")]
        assert await inbox.lease_user(name, 1000, 1060) == (None, 1060)  # another lessee has it until then
        await other.retry(turn.job, 1030)
        assert await inbox.lease_user(name, 1000, 1060) == (None, 1030)
        assert set(await inbox.due(1030)) == {name, inbox.name_of("15550000001")}
        turn = await inbox.lease_user(name, 1030, 1090)
        assert turn.job is not None
        assert turn.job.deaths == 0
        assert await inbox.finish(turn.job, State.DONE) is None
        assert await inbox.lease_user(name, 1030, 1090) == (None, None)
        assert await inbox.lease_user(inbox.name_of("15550000003"), 1030, 1090) == (None, None)

    if engine.shared:
        run(engine, test)


def test_a_user_whose_work_is_done_is_not_due(engine: Engine, clock: Clock) -> None:
    async def test(make: Make) -> None:
        inbox, other = await make(), await make()
        await inbox.put([message("a1")])
        await inbox.finish(await take(inbox), State.DONE)
        clock.now += 2 * KEEP_SENT
        assert list(await other.due(clock.now)) == []
        assert await other.waiting() == 0

    if engine.shared:
        run(engine, test)


def test_a_put_may_lease_what_nobody_works_on(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        accepted = await inbox.put([message("a1"), message("a2"), message("b1", OTHER)], until=1060, room=2)
        assert accepted.new == 3
        jobs = [*accepted.leased]
        while (job := await inbox.lease(1000, 1060)) is not None:
            jobs.append(job)
        assert sorted(job.message.wamid for job in jobs) == ["a1", "b1"]
        for job in jobs:
            await inbox.extend(job, 1070)

    run(engine, test)


def test_a_known_wamid_is_not_new_even_when_it_is_done(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        assert (await inbox.put([message("a")])).new == 1
        assert (await inbox.put([message("a"), message("b")])).new == 1
        following = await after(inbox, await take(inbox))
        assert following.message.wamid == "b"
        await inbox.finish(following, State.DONE)
        await inbox.put([message("a")])
        assert await nothing_due(inbox)
        assert await inbox.waiting() == 0

    run(engine, test)


def test_it_is_remembered_for_eight_days(engine: Engine, clock: Clock) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a")])
        await inbox.finish(await take(inbox), State.DONE)
        clock.now += 7.9 * 86400
        await inbox.forget()
        await inbox.put([message("a")])
        assert await nothing_due(inbox, clock.now)
        clock.now += 1.2 * 86400
        await inbox.forget()
        await inbox.put([message("a")])
        assert (await take(inbox, clock.now)).message.wamid == "a"

    run(engine, test)


def test_a_lease_that_ends_gives_the_job_back_as_it_was_saved(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a")])
        job = await take(inbox)
        assert job.deaths == 0
        await inbox.save(replace(job, state=State.ANSWERED, parts=("x", "y")))
        await inbox.save(replace(job, state=State.ANSWERED, parts=("x", "y"), sent=1))
        assert await nothing_due(inbox, 1059)
        await inbox.extend(job, 1100)
        assert await nothing_due(inbox, 1061)
        again = await take(inbox, 1100)
        assert (again.state, again.parts, again.sent, again.deaths) == (State.ANSWERED, ("x", "y"), 1, 1)

    run(engine, test)


def test_deaths_are_those_of_the_present_step(engine: Engine) -> None:
    """A step that ended was survived: unrelated deaths over a long time are no sign of a message that kills."""

    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a")])
        await take(inbox)
        job = await take(inbox, 1060)
        assert job.deaths == 1
        job = await take(inbox, 1120)
        assert job.deaths == 2
        await inbox.save(replace(job, state=State.PROCESSING, started=1120))
        job = await take(inbox, 1180)
        assert job.deaths == 3, "the step has only begun"
        await inbox.save(replace(job, state=State.ANSWERED, parts=("x",)))
        job = await take(inbox, 1240)
        assert job.deaths == 1
        await inbox.retry(replace(job, tries=1), 1250)
        assert (await take(inbox, 1250)).deaths == 0

    run(engine, test)


def test_a_lease_that_was_given_back_is_no_death(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a")])
        job = await take(inbox)
        await inbox.give_back(job)
        with pytest.raises(LeaseLost):
            await inbox.save(replace(job, state=State.ANSWERED, parts=("x",)))
        assert (await take(inbox)).deaths == 0

    run(engine, test)


def test_a_job_that_is_given_back_for_later_keeps_its_deaths(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a")])
        await take(inbox)
        job = await take(inbox, 1060)
        assert job.deaths == 1
        await inbox.give_back(job, 1100)
        assert await inbox.lease(1099, 1159) is None
        assert (await take(inbox, 1100)).deaths == 1

    run(engine, test)


def test_an_instance_that_stops_gives_back_its_leases(engine: Engine) -> None:
    async def test(make: Make) -> None:
        one, other = await make(), await make()
        await one.put([message("a")])
        await take(one)
        await one.aclose()
        job = await take(other)
        assert (job.message.wamid, job.deaths) == ("a", 0)

    if engine.shared:
        run(engine, test)


def test_an_instance_that_stops_leaves_what_has_to_wait_until_its_time(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox, other = await make(), await make()
        await inbox.put([message("a")])
        job = replace(await take(inbox), state=State.ANSWERED, parts=("x",))
        await inbox.save(job)
        await inbox.retry(job, 1030)
        await inbox.aclose()
        assert await nothing_due(other, 1029)
        job = await take(other, 1030)
        assert (job.parts, job.deaths) == (("x",), 0)

    if engine.shared:
        run(engine, test)


def test_the_lessee_before_can_do_nothing_more(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a"), message("b")])
        before = await take(inbox)
        now = await take(inbox, 1060)
        for attempt in (
            inbox.extend(before, 2000),
            inbox.save(replace(before, state=State.ANSWERED, parts=("x",))),
            inbox.retry(before, 2000),
            inbox.give_back(before),
            inbox.finish(before, State.DONE),
            inbox.finish(before, State.FAILED),
        ):
            with pytest.raises(LeaseLost):
                await attempt
        await inbox.save(replace(now, state=State.ANSWERED, parts=("x",)))
        assert (await after(inbox, now)).message.wamid == "b"
        assert await inbox.dead() == []

    run(engine, test)


def test_a_retry_holds_back_the_user_and_nobody_else(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a1")])
        job = await take(inbox)
        await inbox.put([message("a2"), message("b1", OTHER)])
        await inbox.retry(replace(job, tries=1), 1005)
        assert (await take(inbox, 1001)).message.wamid == "b1"
        assert await nothing_due(inbox, 1004)
        later = await take(inbox, 1005)
        assert (later.message.wamid, later.tries, later.deaths) == ("a1", 1, 0)

    run(engine, test)


def test_a_full_inbox_takes_nothing_more(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make(2)
        await inbox.put([message("a")])
        await inbox.put([message("b", OTHER)])
        await inbox.waiting()
        with pytest.raises(InboxFull):
            await inbox.put([message("c", "15550000003")])
        assert await inbox.waiting() == 2
        assert (await inbox.put([message("a")])).new == 0

    run(engine, test)


def test_one_user_cannot_fill_an_inbox_with_many_messages(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make(1000)
        for number in range(LONGEST_QUEUE):
            assert (await inbox.put([message(f"a{number}")])).new == 1
        with pytest.raises(InboxFull):
            await inbox.put([message("a-one-more")])
        assert (await inbox.put([message("a7")])).new == 0, "what waits is known"
        assert (await inbox.put([message("b", OTHER)])).new == 1
        job: Job | None = await take(inbox)
        while job is not None and job.message.user == OTHER:
            await inbox.finish(job, State.DONE)
            job = await take(inbox)
        assert job is not None
        await inbox.finish(job, State.DONE)
        assert (await inbox.put([message("a-one-more")])).new == 1

    if engine.by_user:
        run(engine, test)


async def put_one_by_one(inbox: Inbox, messages: Iterable[Message]) -> None:
    for each in messages:
        await inbox.put([each])


def test_one_user_cannot_fill_an_inbox_with_long_messages(engine: Engine) -> None:
    """An item of DynamoDB has 400 KB at most, and the answer has to fit in, too."""
    longest = "\N{SMILING FACE WITH HORNS}" * 4096

    async def test(make: Make) -> None:
        inbox = await make(1000)
        texts = (message(f"a{number}")._replace(text=longest) for number in range(LONGEST_QUEUE))
        with pytest.raises(InboxFull):
            await put_one_by_one(inbox, texts)
        stored = LONGEST_QUEUE - 1 - len(list(texts))
        assert stored * len(longest.encode()) >= MOST_BYTES - 20_000
        with pytest.raises(InboxFull):
            await inbox.amend("15550000001", "a1", longest)
        assert await inbox.withdraw("15550000001", "a2")
        job: Job | None = await take(inbox)
        answered = 0
        while job is not None:  # each answer is far longer than any is, and stays in the box for a minute
            parts = () if job.withdrawn else (random.Random(answered).randbytes(60_000).hex(),)
            job = replace(job, state=State.ANSWERED, parts=parts)
            await inbox.save(job)
            job = await inbox.finish(replace(job, sent=1), State.DONE)
            answered += 1
        assert answered == stored
        assert await inbox.waiting() == 0
        assert (await inbox.put([message("a-one-more")._replace(text=longest)])).new == 1

    if engine.by_user:
        run(engine, test)


def test_what_failed_becomes_a_dead_letter_that_can_be_replayed(engine: Engine, clock: Clock) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a")])
        await inbox.finish(await take(inbox), State.FAILED)
        [letter] = await inbox.dead()
        assert (letter.message, letter.died) == (message("a"), 1000.0)
        assert await inbox.given_up() == 1
        await inbox.put([message("a")])
        assert await nothing_due(inbox)
        assert not await inbox.replay("of-no-letter")
        assert await inbox.replay(letter.id)
        assert not await inbox.replay(letter.id)
        assert await inbox.dead() == []
        job = await take(inbox)
        assert job == Job(message("a"))
        await inbox.finish(job, State.FAILED)
        clock.now += 7.1 * 86400
        await inbox.forget()
        assert await inbox.dead() == []

    run(engine, test)


def test_of_many_dead_letters_the_newest_are_read(engine: Engine, clock: Clock) -> None:
    async def test(make: Make) -> None:
        inbox, wamids = await make(), [f"a{number}" for number in range(5)]
        for wamid in wamids:
            clock.now += 1
            await inbox.put([message(wamid)])
            await inbox.finish(await take(inbox, clock.now), State.FAILED)
        found = {limit: [letter.message.wamid for letter in await inbox.dead(limit)] for limit in (None, 2, 5, 9)}
        assert found == {None: wamids, 2: wamids[3:], 5: wamids, 9: wamids}
        listed, report = await report_dead(inbox, "", 2), await report_dead(inbox, "")
        assert [(len(each.letters), each.total) for each in (listed, report)] == [(2, 5), (5, 5)]
        assert listed.letters == report.letters[:2]
        assert [letter.died for letter in listed.letters] == ["1970-01-01T00:16:45Z", "1970-01-01T00:16:44Z"]

    run(engine, test)


def test_a_dead_letter_keeps_the_rest_of_an_answer_and_no_apology(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        for wamid, user, failed in (("a", "15550000001", False), ("b", OTHER, True)):
            await inbox.put([message(wamid, user)])
            job = replace(await take(inbox), state=State.ANSWERED, parts=("x", "y"), failed=failed)
            await inbox.save(job)
            job = replace(job, sent=1)
            await inbox.save(job)
            await inbox.finish(job, State.FAILED)
        letters = {letter.message.wamid: letter for letter in await inbox.dead()}
        assert {name: (letter.parts, letter.sent) for name, letter in letters.items()} == {
            "a": (("x", "y"), 1),
            "b": ((), 0),
        }
        assert await inbox.replay(letters["a"].id)
        job = await take(inbox)
        assert job == Job(message("a"), State.ANSWERED, ("x", "y"), 1)
        await inbox.finish(job, State.DONE)
        assert await inbox.replay(letters["b"].id)
        assert await take(inbox) == Job(message("b", OTHER))

    run(engine, test)


async def answered(inbox: Inbox, wamid: str, *parts: str) -> Job:
    """A message with a stored answer whose parts are all sent, still leased."""
    await inbox.put([message(wamid)])
    job = replace(await take(inbox), state=State.ANSWERED, parts=parts)
    await inbox.save(job)
    return replace(job, sent=len(parts))


def tag(inbox: Inbox, job: Job, part: int) -> Tag:
    parsed = Tag.parse(inbox.tag(job, part))
    assert parsed is not None
    return parsed


def test_a_part_that_did_not_arrive_is_sent_again_once(engine: Engine, clock: Clock) -> None:
    async def test(make: Make) -> None:
        inbox, other = await make(), await make()
        if not engine.shared:
            other = inbox
        job = await answered(inbox, "a", "x", "y")
        tags = [tag(inbox, job, part) for part in (1, 2, 3)]
        await inbox.finish(job, State.DONE)
        clock.now += 30
        await inbox.forget()
        assert await other.resend(tags[1], 2000)
        for again in (tags[1], tags[2], tags[0]._replace(message="never"), tags[0]._replace(user="nobody")):
            if again != tags[0]._replace(user="nobody") or engine.by_user:
                assert not await other.resend(again, 2000)
        assert await inbox.waiting() == 1
        assert await nothing_due(inbox, 1999)
        job = await take(inbox, 2000)
        assert (job.message.user, job.message.kind, job.message.text) == ("15550000001", AGAIN, None)
        assert (job.state, job.parts, job.sent) == (State.ANSWERED, ("y",), 0)
        assert tag(inbox, job, 1).again == 1
        await inbox.finish(job, State.DONE)
        clock.now = max(clock.now, 2000) + KEEP_SENT + 61
        await inbox.forget()
        assert not await inbox.resend(tags[0], 3000)

    run(engine, test)


def test_a_part_of_an_answer_under_way_is_sent_again_behind_it(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        job = await answered(inbox, "a", "x", "y")
        await inbox.put([message("b")])
        assert await inbox.resend(tag(inbox, job, 1), 1000)
        assert await nothing_due(inbox, 1001)
        following = await after(inbox, job, now=1001)
        assert following.message.wamid == "b"
        last = await after(inbox, following, now=1001)
        assert (last.message.kind, last.parts) == (AGAIN, ("x",))

    run(engine, test)


def test_the_status_of_a_part_that_is_being_sent_reaches_its_lessee(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox, other = await make(), await make()
        if not engine.shared:
            other = inbox
        await inbox.put([message("a")])
        job = replace(await take(inbox), state=State.ANSWERED, parts=("x", "y"))
        await inbox.save(job)
        assert await inbox.outcome(job) is None
        await other.settle(Status("wamid.out", "sent", inbox.tag(job, 2), None))
        assert await inbox.outcome(job) is None, "a status of another part"
        await other.settle(Status("wamid.out", "failed", inbox.tag(job, 1), 131026))
        status = await inbox.outcome(job)
        assert status is not None
        assert (status.status, status.code) == ("failed", 131026)
        job = replace(job, sent=1)
        await inbox.save(job)
        assert await inbox.outcome(job) is None
        await other.settle(Status("wamid.out", "sent", inbox.tag(job, 2), None))
        again = await take(inbox, 1060)
        found = await inbox.outcome(again)
        assert found is not None, "also for the lessee after a death"
        assert found.status == "sent"
        for text in ("", "x", "1:0:a:", f"1:0:{OTHER}:never", inbox.tag(job, 2) + "x"):
            await other.settle(Status("wamid.out", "sent", text, None))

    run(engine, test)


def test_a_late_status_of_an_answer_is_not_one_of_the_answer_to_the_edited_text(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox, user = await make(), message("a").user
        await inbox.put([message("a")])
        job = replace(await take(inbox), state=State.ANSWERED, parts=("to the old text", "more"))
        await inbox.save(job)
        late = tag(inbox, job, 1)
        await inbox.retry(job, 1010)
        assert await inbox.amend(user, "a", "better")
        job = replace(await take(inbox, 1010), state=State.ANSWERED, parts=("to the new text", "more"))
        await inbox.save(job)
        await inbox.settle(Status("wamid.out", "sent", str(late), None))
        assert await inbox.outcome(job) is None
        assert not await inbox.resend(late, 1010)
        await inbox.settle(Status("wamid.out", "delivered", inbox.tag(job, 1), None))
        await inbox.settle(Status("wamid.out", "failed", str(late), 131026))
        found = await inbox.outcome(job)
        assert found is not None
        assert found.status == "delivered"
        assert await inbox.resend(tag(inbox, job, 1), 1010)

    run(engine, test)


def test_the_tag_of_an_older_version_is_understood(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a")])
        job = replace(await take(inbox), state=State.ANSWERED, parts=("x",))
        await inbox.save(job)
        old = tag(inbox, job, 1)._replace(text="")
        assert re.fullmatch("1:0:[^:]+:[^:]+", str(old))
        await inbox.settle(Status("wamid.out", "sent", str(old), None))
        found = await inbox.outcome(job)
        assert found is not None
        assert found.status == "sent"
        await inbox.finish(replace(job, sent=1), State.DONE)
        assert await inbox.resend(old, 1000)
        assert tag(inbox, await take(inbox), 1).again == 1

    run(engine, test)


def test_a_message_is_amended_until_its_answer_is_sent(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox, other = await make(), await make()
        if not engine.shared:
            other = inbox
        await inbox.put([message("a1"), message("a2")])
        user = message("a1").user
        job = await take(inbox)
        assert await other.amend(user, "a2", "better")
        assert await other.amend(user, "a1", "also better"), "the backend is being asked"
        answer = replace(job, state=State.ANSWERED, parts=("to the old text",))
        with pytest.raises(Changed) as caught:
            await inbox.save(answer)
        job = caught.value.job
        assert (job.message.text, job.parts, job.withdrawn) == ("also better", (), False)
        job = replace(job, state=State.ANSWERED, parts=("to the new text",))
        await inbox.save(job)
        assert not await other.amend(user, "a1", "too late")
        following = await after(inbox, replace(job, sent=1))
        assert following.message == message("a2")._replace(text="better")

    run(engine, test)


def test_an_answer_that_waits_to_be_sent_is_dropped_when_its_message_changes(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a")])
        job = replace(await take(inbox), state=State.ANSWERED, parts=("x",))
        await inbox.save(job)
        await inbox.retry(replace(job, unsure=True), 1010)
        assert await inbox.amend(message("a").user, "a", "better")
        job = await take(inbox, 1010)
        assert (job.message.text, job.parts, job.unsure) == ("better", (), False)
        assert job.state is not State.ANSWERED
        job = replace(job, state=State.ANSWERED, parts=("x", "y"))
        await inbox.save(job)
        job = replace(job, sent=1)
        await inbox.save(job)
        await inbox.retry(job, 1020)
        assert not await inbox.amend(message("a").user, "a", "too late: a part was sent")

    run(engine, test)


def test_a_withdrawn_message_is_not_answered(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a1"), message("a2")])
        user = message("a1").user
        job = await take(inbox)
        assert await inbox.withdraw(user, "a1")
        assert await inbox.withdraw(user, "a2")
        with pytest.raises(Changed) as caught:
            await inbox.save(replace(job, state=State.ANSWERED, parts=("x",)))
        assert (caught.value.job.withdrawn, caught.value.job.message.text) == (True, None)
        following = await after(inbox, caught.value.job)
        assert (following.message.wamid, following.withdrawn, following.message.text) == ("a2", True, None)
        await inbox.finish(following, State.DONE)
        assert not await inbox.withdraw(user, "a2")
        await inbox.put([message("a2")])
        assert await nothing_due(inbox)

    run(engine, test)


def test_a_change_may_come_before_its_message(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        user = message("a").user
        assert await inbox.amend(user, "a", "better")
        assert await inbox.withdraw(user, "b")
        assert await inbox.waiting() == 0
        assert (await inbox.put([message("a"), message("b")])).new == 2
        job = await take(inbox)
        assert job.message == message("a")._replace(text="better")
        await inbox.save(replace(job, state=State.ANSWERED, parts=("x",)))
        following = await after(inbox, replace(job, sent=1))
        assert (following.message.wamid, following.withdrawn) == ("b", True)

    run(engine, test)


def test_how_old_the_oldest_is(engine: Engine, clock: Clock) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        assert await inbox.oldest() is None
        await inbox.put([message("a")])
        clock.now += 5
        await inbox.put([message("b", OTHER)])
        assert await inbox.oldest() == 1000
        assert await inbox.waiting() == 2
        job = await take(inbox)
        assert job.message.wamid == "a"
        await inbox.finish(job, State.DONE)
        assert (await inbox.oldest(), await inbox.waiting()) == (1005, 1)

    run(engine, test)


def test_what_is_remembered_of_a_user_comes_with_the_next_message(engine: Engine, clock: Clock) -> None:
    known = Profile(
        (SeenMessage(999, "w1", "t1"), SeenMessage(1000, "w2", "t1")), {"TEXT_ONLY": SentNotice(1000, "w2")}, "ar", 2
    )

    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a"), message("b", OTHER)])
        jobs = {job.message.wamid: job for job in (await take(inbox), await take(inbox))}
        await inbox.save(replace(jobs["a"], state=State.ANSWERED, parts=("x",), profile=known))
        await inbox.finish(replace(jobs["a"], state=State.ANSWERED, parts=("x",), sent=1, profile=known), State.DONE)
        assert jobs["b"].profile == Profile()
        await inbox.finish(jobs["b"], State.DONE)
        await inbox.put([message("c")])
        job = await take(inbox)
        assert job.profile == known
        clock.now += 60
        await inbox.retry(replace(job, profile=replace(known, language="fa")), 1100)
        assert (await take(inbox, 1100)).profile.language == "fa"

    run(engine, test)


@pytest.mark.parametrize("wamid", ["never", "a"])
def test_what_is_not_waiting_cannot_be_worked_on(engine: Engine, wamid: str) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([message("a")])
        job = await take(inbox)
        await inbox.finish(job, State.DONE)
        gone = replace(job, message=message(wamid))
        for attempt in (
            inbox.extend(gone, 2000),
            inbox.save(replace(gone, state=State.ANSWERED, parts=("x",))),
            inbox.retry(gone, 2000),
            inbox.finish(gone, State.DONE),
        ):
            with pytest.raises(LeaseLost):
                await attempt

    run(engine, test)


def test_a_job_comes_back_just_as_it_was_saved(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make()
        await inbox.put([Message("a", "15550000001", "text", "سلام\0👨‍👩‍👧", 1_700_000_000)])
        job = await take(inbox)
        full = replace(job, state=State.ANSWERED, parts=("é", "", "z"), failed=True, started=12.5)
        await inbox.save(full)
        full = replace(full, sent=2, tries=3, unsure=not inbox.shared)
        await inbox.retry(full, 1001)
        assert await take(inbox, 1001) == full

    run(engine, test)


def test_many_at_once_are_each_put_once(engine: Engine) -> None:
    async def test(make: Make) -> None:
        inbox = await make(1000)
        batches = [[message(f"w{n % 50}", str(15550000000 + n % 50 % 7))] for n in range(300)]
        stored = await asyncio.gather(*(inbox.put(batch) for batch in batches))
        assert sum(accepted.new for accepted in stored) == 50
        done: list[str] = []
        job: Job | None
        while (job := await inbox.lease(1000, 1060)) is not None:
            while job is not None:
                done.append(job.message.wamid)
                job = await inbox.finish(job, State.DONE)
        assert sorted(done) == sorted({f"w{n}" for n in range(50)})
        assert await inbox.waiting() == 0

    run(engine, test)
