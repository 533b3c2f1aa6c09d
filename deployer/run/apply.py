"""Carry out the changes of a plan, one after the other. Each is safe to repeat."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never, get_args

from botocore.exceptions import ClientError

from deployer.aws import ecr, hold, iam, ssm
from deployer.aws.session import Session
from deployer.core.change import (
    AdoptParameter,
    Change,
    ChangeRepository,
    CreateRepository,
    CreateScaling,
    DeleteParameter,
    DeployService,
    HoldChange,
    ImageChange,
    KeepImage,
    LiftHold,
    PauseService,
    PlaceHold,
    PushImage,
    PutLifecycle,
    PutParameter,
    PutRole,
    RecordRelease,
    RecreateParameter,
    ResumeService,
    ServiceChange,
    ServiceVariable,
    TagService,
    VariableChange,
)
from deployer.core.hold import after_rollback
from deployer.errors import Refused, StateUnknown
from deployer.resources.service.pause import BY_MANIFEST, TAG
from deployer.run import secrets
from deployer.targets.base import Started, Target

PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 30.0)  # seconds until a changed role is known everywhere


def refuse_unknown(changes: Sequence[Change]) -> None:
    """Raises TypeError, before anything is applied, for a change that `Applier.apply` does not know."""
    if unknown := {type(change).__name__ for change in changes if type(change) not in get_args(Change)}:
        raise TypeError(f"changes that cannot be applied: {', '.join(sorted(unknown))}")


@dataclass
class Extent:
    """How far a plan has been carried out: how many changes are `done`, and whether AWS was `touched` at all."""

    done: int = 0
    touched: bool = False


@dataclass
class Applier:
    """What the changes share.

    `repeated` says that a parameter got more than one version, because the network made the client ask twice;
    `changed_roles` that the target may need a while to take one on.
    """

    session: Session
    target: Target
    tags: dict[str, str]
    image_manifest: bytes | None
    who: str
    scaling_arn: str | None
    tell: Callable[[str, str], None]
    extent: Extent
    repeated: bool = False
    changed_roles: bool = False

    def apply(self, change: Change) -> Started | None:
        """Make one change; an operation of the platform is started and returned, not waited for."""
        self.tell(change.group.lower(), f"{change.symbol} {change.address}")
        started: Started | None = None
        match change:
            case PutRole():
                self._role(change)
            case CreateRepository() | ChangeRepository() | PutLifecycle() | PushImage() | KeepImage():
                self._image(change)
            case PutParameter() | RecreateParameter() | AdoptParameter() | ServiceVariable() | DeleteParameter():
                self._variable(change)
            case PlaceHold() | LiftHold():
                self._hold(change)
            case CreateScaling() | TagService() | DeployService() | RecordRelease() | PauseService() | ResumeService():
                started = self._service(change)
            case _:
                assert_never(change)
        self.extent.touched = True
        return started

    def _role(self, change: PutRole) -> None:
        role = change.role
        self.changed_roles = True
        iam.put_trust(self.session.iam, role.name, role.trust, create=change.create)
        self.extent.touched = True
        iam.put_policy(self.session.iam, role.name, role.policy_name, role.policy)

    def _image(self, change: ImageChange) -> None:
        client = self.session.ecr
        match change:
            case CreateRepository():
                ecr.create_repository(client, change.name)
            case ChangeRepository():
                ecr.mend_repository(client, change.name)
            case PutLifecycle():
                ecr.put_lifecycle(client, change.repository, change.policy)
            case PushImage(image=image):
                assert self.image_manifest is not None
                ecr.put_image(client, image.repository, image.tag, self.image_manifest, change.digest)
            case KeepImage():
                ecr.tag_image(client, change.image.repository, change.digest, change.tag)
            case _:
                assert_never(change)

    def _variable(self, change: VariableChange) -> None:
        match change:
            case PutParameter():
                self._put(change)
            case RecreateParameter():
                self._recreate(change)
            case AdoptParameter():
                ssm.adopt(self.session.ssm, change.parameter.path)
            case ServiceVariable():
                pass  # the deployment brings it
            case DeleteParameter():
                ssm.delete(self.session.ssm, change.path)
            case _:
                assert_never(change)

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
                except Refused as error:  # what was to be deployed is deployed: the new hold is for what comes next
                    self.tell("hold", f"not lifted: {error.what}")
            case _:
                assert_never(change)

    def _service(self, change: ServiceChange) -> Started | None:
        match change:
            case TagService():
                self.target.tag(change.arn, change.tags)
            case CreateScaling():
                self._create_scaling(change)
            case DeployService():
                return self._deploy(change)
            case RecordRelease():
                pass  # the caller records every release that it saw live
            case PauseService():
                return self._pause(change)
            case ResumeService():
                return self.target.resume(change.arn)
            case _:
                assert_never(change)
        return None

    def _pause(self, change: PauseService) -> Started | None:
        """The tag comes first: it tells a later run that the manifest asked for the pause, also after a crash."""
        assert change.arn is not None
        self.target.tag(change.arn, {TAG: BY_MANIFEST})
        self.extent.touched = True
        return self.target.pause(change.arn)

    def _put(self, change: PutParameter) -> None:
        wanted = change.parameter
        value = secrets.make(wanted, self.session) if wanted.value is None else wanted.value
        version = ssm.put(
            self.session.ssm,
            wanted.path,
            value,
            wanted.description or "",
            create=change.version == 1,
            tier=change.tier,
        )
        self.extent.touched = True
        if change.adopts:
            ssm.adopt(self.session.ssm, wanted.path)
        if version == change.version:
            return
        if not ssm.holds_only(self.session.ssm, wanted.path, range(change.version, version), value):
            raise StateUnknown(
                f"{wanted.path} is now version {version}, not {change.version}: another caller wrote it too",
                fix="agree on who changes it, then run again",
            )
        self.repeated = True

    def _recreate(self, change: RecreateParameter) -> None:
        wanted = change.parameter
        value = secrets.make(wanted, self.session) if wanted.value is None else wanted.value
        self.extent.touched = True
        self.tell("", f"the last value of {wanted.path} is kept in {change.kept}")
        ssm.recreate(self.session.ssm, wanted.path, value, wanted.description or "", kept=change.kept, tier=change.tier)

    def _create_scaling(self, change: CreateScaling) -> None:
        if change.replaces:
            self.target.delete_scaling(change.replaces)
        self.scaling_arn = self.target.create_scaling(change.name, change.scaling)

    def _deploy(self, change: DeployService) -> Started:
        for pause in PAUSES if self.changed_roles else ():
            try:
                return self._send(change)
            except ClientError as error:
                if not self.target.is_too_new(error):
                    raise
            title = self.target.description.title
            self.tell("service", f"{title} cannot assume the changed roles yet; next try in {pause:.0f} s")
            time.sleep(pause)
        return self._send(change)

    def _send(self, change: DeployService) -> Started:
        assert self.scaling_arn is not None
        if change.arn is None:
            return self.target.create(change.name, change.spec, self.scaling_arn, self.tags, change.encryption)
        return self.target.update(change.arn, change.spec, self.scaling_arn, change.kept)
