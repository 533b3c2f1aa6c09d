"""`deployer replay ENV`: let the service answer messages that it gave up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import asdict, replace

from deployer.core.inbox import MOST_AT_ONCE, DeadReport, ReplayReport
from deployer.environment.consent import Consent
from deployer.environment.holds import refuse_incident
from deployer.environment.inbox import OpenInbox, open_inbox
from deployer.environment.service_state import refuse_unconfirmed
from deployer.errors import DeployerError, StateUnknown, UsageError
from deployer.run.inbox_table import InboxTable
from deployer.run.ready import read_ready
from deployer.view.counts import counted
from deployer.view.documents.inbox import ReplayDocument
from deployer.view.progress import Reporter


class ReplayOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `ids` are those of dead letters. `everything` means all of them."""

    environment: str
    ids: tuple[str, ...] = ()
    everything: bool = False


def replay_dead_letters(options: ReplayOptions, report: Reporter, consent: Consent) -> ReplayDocument:
    """Queue dead letters as if they had just arrived. It deploys nothing, so it takes no lock.

    Raises UsageError for an id without a dead letter, and Refused while the environment is held by hand, or when
    protect.confirm is not satisfied.
    """
    if bool(options.ids) == options.everything:
        name = options.environment
        raise UsageError("name the dead letters, or --all", fix=f"just dead {name}, then: just replay {name} ID")
    inbox = open_inbox(options.environment, report, only_reads=False)
    desired = inbox.environment.desired
    refuse_incident(inbox.environment.session, desired.app, desired.environment)
    dead = inbox.access.list_dead()
    chosen = _chosen(options, dead, inbox.name)
    if chosen:
        report.step("replay", f"{counted(len(chosen), 'message')} of {counted(len(dead.letters), 'dead letter')}")
        refuse_unconfirmed(inbox.environment, _consent_id(inbox.name, dead.instance, chosen), consent)
    done = _replayed(inbox, dead, chosen)
    runs = inbox.url is not None
    if done.replayed and isinstance(inbox.access, InboxTable):
        runs = _wake(inbox)
    return ReplayDocument(environment=inbox.name, runs=runs, **asdict(done))


def _chosen(options: ReplayOptions, dead: DeadReport, name: str) -> tuple[str, ...]:
    known = tuple(letter.id for letter in dead.letters)
    if options.everything:
        return known
    if unknown := [each for each in options.ids if each not in known]:
        raise UsageError(
            f"{name} has no dead letter with {'this id' if len(unknown) == 1 else 'these ids'}; nothing was changed",
            why="it was answered, it is older than a week, or another instance has it",
            fix=f"just dead {name}",
        )
    return tuple(dict.fromkeys(options.ids))


def _consent_id(name: str, instance: str, ids: Sequence[str]) -> str:
    """12 hex digits over what is replayed: the consent to exactly this."""
    return hashlib.sha256(repr(("replay", name, instance, sorted(ids))).encode()).hexdigest()[:12]


def _replayed(inbox: OpenInbox, dead: DeadReport, ids: Sequence[str]) -> ReplayReport:
    """The outcome for all ids. Raises DeployerError when the inbox refuses some of them."""
    done = ReplayReport(instance=dead.instance, shared=dead.shared, replayed=(), unknown=(), starts_within_seconds=0)
    for start in range(0, len(ids), MOST_AT_ONCE):
        batch = inbox.access.replay(ids[start : start + MOST_AT_ONCE], dead.instance)
        done = replace(batch, replayed=done.replayed + batch.replayed, unknown=done.unknown + batch.unknown)
        if batch.stopped:
            raise _stopped(inbox.name, len(done.replayed), len(ids), batch.stopped)
    return done


def _stopped(name: str, done: int, all_of_them: int, why: str) -> DeployerError:
    fix = f"just inbox {name}; when it is less full, run again"
    if not done:
        return DeployerError("the inbox did not take the messages; nothing was changed", why=why, fix=fix)
    return StateUnknown(
        f"{done} of {counted(all_of_them, 'message')} were queued; the others are unchanged", why=why, fix=fix
    )


def _wake(inbox: OpenInbox) -> bool:
    """Send the service a request: a platform may give an idle instance no processor time to read the table."""
    ready = inbox.environment.run.app.readiness
    if inbox.url is None or ready is None:
        return inbox.url is not None
    return read_ready(inbox.url, ready.path) is not None
