"""The verbs inbox, dead and replay of the command line: they work on the inbox that INBOX_URL names.

A table needs no INBOX_KEY for them: nothing is found by a phone number or a wamid.
"""

from __future__ import annotations

import asyncio
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import orjson

from ansari_whatsapp.inbox import Inbox, InboxUnavailable
from ansari_whatsapp.inbox.choose import inbox_at
from ansari_whatsapp.inbox_address import InFile, parse
from ansari_whatsapp.inbox_report import (
    DeadReport,
    InboxReport,
    ReplayReport,
    replay_dead,
    report_dead,
    report_inbox,
)
from ansari_whatsapp.settings import Settings

WITHOUT_LIMIT: Final = 2**31  # dead letters are few, and somebody has decided to answer them

Report: TypeAlias = InboxReport | DeadReport | ReplayReport


def run_inbox_command(options: Namespace) -> int:
    """Run the verb and print its report, with --json as JSON; returns the exit code."""
    url = os.environ.get("INBOX_URL") or str(Settings.model_fields["inbox_url"].default)
    try:
        report = asyncio.run(_report(url, options))
    except ValueError as error:
        return _fail(options, f"INBOX_URL {error}", f"INBOX_URL {error}")
    except OSError as error:
        return _fail(options, f"the inbox {url} cannot be used\n  why: {error}", str(error))
    text = orjson.dumps(report).decode() if options.json else _TEXTS[type(report)](report)
    sys.stdout.write(f"{text}\n")
    if not isinstance(report, ReplayReport):
        return 0
    for each in () if options.json else report.unknown:
        sys.stderr.write(f"there is no dead letter {each}\n")
    if report.stopped and not options.json:
        sys.stderr.write(f"the rest was not queued: {report.stopped}\n")
    return 1 if report.unknown or report.stopped else 0


async def _report(url: str, options: Namespace) -> Report:
    address = parse(url)
    if isinstance(address, InFile) and not Path(address.path).is_file():  # noqa: ASYNC240 -- nothing else runs
        raise InboxUnavailable("there is no such file")
    inbox = inbox_at(url, os.environ.get("INBOX_KEY", ""), WITHOUT_LIMIT)
    await inbox.open()
    try:
        if inbox.problem:
            raise InboxUnavailable(inbox.problem)
        return await _ask(inbox, options)
    finally:
        await inbox.aclose()


async def _ask(inbox: Inbox, options: Namespace) -> Report:
    if options.verb == "inbox":
        return await report_inbox(inbox)
    if options.verb == "dead":
        return await report_dead(inbox, limit=options.limit)
    return await replay_dead(inbox, None if options.all else options.ids)


def _fail(options: Namespace, text: str, cause: str) -> int:
    if options.json:
        sys.stdout.write(orjson.dumps({"error": cause}).decode() + "\n")
    sys.stderr.write(f"error: {text}\n  fix: set INBOX_URL as the service has it\n")
    return 1


def _inbox_text(report: InboxReport) -> str:
    least = "" if report.complete else "at least "
    oldest = "" if report.oldest_seconds is None else f", the oldest for {report.oldest_seconds:.0f} s"
    states = "".join(f"\n  {name.replace('_', ' '):14}{count}" for name, count in report.states.items())
    return f"{least}{report.messages} waiting, of {report.users} users{oldest}{states}\n{report.given_up} dead letters"


def _dead_text(report: DeadReport) -> str:
    lines = [f"{letter.died}  {letter.kind:12}  {letter.id}" for letter in report.letters]
    if older := report.total - len(lines):
        lines.append(f"and {older} older: see --limit")
    return "\n".join(lines) or "there is no dead letter"


def _replay_text(report: ReplayReport) -> str:
    return f"{len(report.replayed)} to be answered again"


_TEXTS: Final[dict[type[Report], Callable[..., str]]] = {
    InboxReport: _inbox_text,
    DeadReport: _dead_text,
    ReplayReport: _replay_text,
}
