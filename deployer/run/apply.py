"""Apply the changes of a plan one after the other. Each is safe to repeat."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never, get_args

from botocore.exceptions import ClientError

from deployer.aws import hold
from deployer.aws.session import Session
from deployer.core.hold import after_rollback
from deployer.errors import Refused
from deployer.resources.hold.change import HoldChange, LiftHold, PlaceHold
from deployer.resources.kind import Applying
from deployer.resources.registry import KINDS, kind_of
from deployer.resources.service.change import (
    CreateScaling,
    DeployService,
    PauseService,
    RecordRelease,
    ResumeService,
    ServiceChange,
    ServiceVariable,
    TagService,
)
from deployer.resources.service.pause import BY_MANIFEST, TAG
from deployer.resources.unions import Change
from deployer.targets.base import RunningOperation, Target, pausing, scaling

PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 30.0)  # seconds until AWS knows a changed role everywhere


def refuse_unknown(changes: Sequence[Change]) -> None:
    """Raise TypeError, before anything is applied, for a change that no function here applies."""
    known = {*get_args(HoldChange), *get_args(ServiceChange), *(one for kind in KINDS for one in kind.changes)}
    if unknown := {type(change).__name__ for change in changes if type(change) not in known}:
        raise TypeError(f"changes that cannot be applied: {', '.join(sorted(unknown))}")


@dataclass
class Applier:
    """Apply the changes of one plan. `applying` is what they share; `tags` are those of the service."""

    target: Target
    tags: dict[str, str]
    who: str
    applying: Applying

    @property
    def session(self) -> Session:
        return self.applying.session

    def report_progress(self, group: str, text: str) -> None:
        """Report progress."""
        self.applying.report_progress(group, text)

    def apply(self, change: Change) -> RunningOperation | None:
        """Apply one change. An operation of the platform is started and returned without waiting for it."""
        self.report_progress(change.group.lower(), f"{change.symbol} {change.address}")
        started: RunningOperation | None = None
        if kind := kind_of(change):
            kind.apply(change, self.applying)
        elif isinstance(change, HoldChange):
            self._hold(change)
        elif isinstance(change, ServiceChange):
            started = self._service(change)
        else:
            raise TypeError(f"{type(change).__name__} cannot be applied")
        return started

    def _hold(self, change: HoldChange) -> None:
        match change:
            case PlaceHold(sources=sources):
                left = f"release {sources.release} to " if sources.release else ""
                new = hold.new(self.who, f"rolled back {f'from {left}' if left else 'to '}release {sources.to}")
                made = after_rollback(change.old, sources, change.refused, new)
                hold.place(self.session.ssm, change.name, made, over=change.old)
            case LiftHold():
                try:
                    hold.lift(self.session.ssm, change.name, change.hold)
                except Refused as error:  # the deployment is done: the new hold is for later ones
                    self.report_progress("hold", f"not lifted: {error.what}")
            case _:
                assert_never(change)

    def _service(self, change: ServiceChange) -> RunningOperation | None:
        match change:
            case TagService():
                self.target.tag(change.arn, change.tags)
            case CreateScaling():
                self._create_scaling(change)
            case DeployService():
                return self._deploy(change)
            case ServiceVariable():
                pass  # the deployment brings it
            case RecordRelease():
                pass  # the caller records every release that it saw running
            case PauseService():
                return self._pause(change)
            case ResumeService():
                return pausing(self.target).resume(change.arn)
            case _:
                assert_never(change)
        return None

    def _pause(self, change: PauseService) -> RunningOperation | None:
        """Write the tag first: it shows a later run that the manifest declared the pause, also after a crash."""
        assert change.arn is not None
        self.target.tag(change.arn, {TAG: BY_MANIFEST})
        return pausing(self.target).pause(change.arn)

    def _create_scaling(self, change: CreateScaling) -> None:
        target = scaling(self.target)
        if change.replaces:
            target.delete_scaling(change.replaces)
        target.create_scaling(change.name, change.scaling)

    def _deploy(self, change: DeployService) -> RunningOperation:
        for pause in PAUSES if self.applying.changed_roles else ():
            try:
                return self._send(change)
            except ClientError as error:
                if not self.target.is_too_new(error):
                    raise
            title = self.target.description.title
            self.report_progress("service", f"{title} cannot assume the changed roles yet; next try in {pause:.0f} s")
            time.sleep(pause)
        return self._send(change)

    def _send(self, change: DeployService) -> RunningOperation:
        if change.arn is None:
            return self.target.create(change.name, change.spec, self.tags, change.fixed)
        return self.target.update(change.arn, change.spec, change.kept)
