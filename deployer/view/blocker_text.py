"""What blocks a plan, as text: what is wrong, and the command or step that fixes it."""

from __future__ import annotations

from typing import assert_never

from msgspec import Struct

from deployer.core.blocker import LongRecord
from deployer.core.target import Description
from deployer.manifest.rule import PRIVATE_WHY
from deployer.resources.dynamodb_table.blocker import BusyTable, ForeignTable, MissingTable, OtherInbox, OtherShape
from deployer.resources.ecr_repository.blocker import MissingImage, TakenTag, WrongPlatform
from deployer.resources.iam_roles.blocker import DeniedActions, MissingRole, UntrustedRole
from deployer.resources.plan import Plan
from deployer.resources.service.blocker import (
    BrokenService,
    BusyService,
    FixedSetting,
    ForeignService,
    LostSettings,
    NoScalingRevision,
    OtherTarget,
    PrivateService,
    ServicePaused,
)
from deployer.resources.ssm_parameters.blocker import (
    LostSecretVersion,
    ParameterInUse,
    ReadableSecret,
    RefusedSecret,
    RefusedSecrets,
    UnsetSecret,
)
from deployer.resources.unions import Blocker
from deployer.view.cause_text import READABLE
from deployer.view.shape_text import render_shape


class BlockerText(Struct, frozen=True):
    """A blocker for people: what is wrong, its fix, and the line of the manifest, "" when there is none."""

    what: str
    fix: str
    line: str = ""


def blockers(plan: Plan) -> tuple[BlockerText, ...]:
    """Every blocker of a plan."""
    return tuple(render_blocker(blocker, plan) for blocker in plan.blockers)


def render_blocker(blocker: Blocker, plan: Plan) -> BlockerText:
    """One blocker of a plan."""
    what, fix = _text(blocker, plan)
    return BlockerText(what, fix, blocker.line)


def _text(blocker: Blocker, plan: Plan) -> tuple[str, str]:  # noqa: C901 -- each kind of blocker
    environment, target = plan.environment, plan.target.title
    match blocker:
        case MissingRole():
            fix = "create it, or let the deployer create it: `managed: true` in service.roles"
            return f"role {blocker.role} does not exist", fix
        case UntrustedRole():
            what = f"role {blocker.role} does not trust {blocker.principal}"
            return what, (
                f"allow sts:AssumeRole for the principal {blocker.principal} in the trust policy of {blocker.role}"
            )
        case DeniedActions():
            what = f"role {blocker.role} does not allow {', '.join(blocker.actions)}"
            return what, f"allow it in a policy of {blocker.role}: {target} needs it to deploy"
        case MissingImage():
            return _missing_image(blocker, plan)
        case TakenTag():
            what = f"ECR already holds another image under the tag {blocker.tag}; tags are immutable"
            return what, "commit the change, so that it gets a tag of its own"
        case WrongPlatform():
            what = f"the image {blocker.tag} is for {blocker.platform}, and {target} runs {blocker.runs}"
            return what, f"build it with --platform {blocker.runs}"
        case ServicePaused():
            return _paused(blocker, plan)
        case ForeignService():
            return foreign_service(blocker, plan.target)
        case BusyService():
            one = plan.target.capabilities.one_operation_at_a_time
            rule = f"{target} runs one operation at a time" if one else "a second deployment would disturb it"
            what = f"service {blocker.service} is {blocker.status}: {rule}"
            return what, f"wait until it has ended; just reconcile {environment} waits by itself"
        case BrokenService():
            return f"service {blocker.service} is {blocker.status}", f"check its events in the {target} console"
        case NoScalingRevision():
            return _no_revision(blocker, plan.target)
        case LostSettings():
            listed = ", ".join(f"{name} ({value})" for name, value in blocker.settings.items())
            what = f"service {blocker.service} is gone, and a new one would be without what the manifest does not name"
            fix = f"name it below service in env/{environment}.yaml, or create the service with it by hand"
            return f"{what}: {listed}", fix
        case FixedSetting():
            what = f"service {blocker.service} was created with {blocker.name} {blocker.live}, not {blocker.desired}"
            key = blocker.name.rpartition(".")[2]
            fix = f"write `{key}: {blocker.live}`, or choose another service.name for a new service"
            return f"{what}: {target} cannot change that", fix
        case PrivateService():
            what = f"service {blocker.service} is private, and the manifest does not name its network: {PRIVATE_WHY}"
            return what, "write `network: {ingress: public}` below service, with what else its network has"
        case ParameterInUse():
            what = f"{blocker.variable}: its parameter would be recreated, and {target} reads it for each new container"
            fix = f"give {blocker.name} another name in the manifest and in the service, and keep the old parameter"
            return what, fix
        case OtherTarget():
            what = f"release {blocker.number} ran on {blocker.target}, and the manifest chooses {plan.target.name}"
            fix = f"choose a release of {plan.target.name}: just releases {environment}, then --to NUMBER"
            return f"{what}: a release cannot be moved to another target", fix
        case UnsetSecret() | ReadableSecret():
            return _secret(blocker, plan)
        case LostSecretVersion():
            what = f"{blocker.variable}: version {blocker.version} of the secret is no longer in SSM"
            return what, _as_secret(blocker.name, plan) if blocker.readable else "roll back without --with-secrets"
        case RefusedSecret():
            what = f"{blocker.variable}: the service refuses the value in SSM: {blocker.why}"
            return what, f"just secret set {environment} {blocker.name}"
        case RefusedSecrets():
            what = f"the service refuses the values in SSM together: {blocker.why}"
            return what, f"just secret set {environment} NAME"
        case MissingTable():
            fix = "create it, or let the deployer create it: `managed: true` below inbox"
            return f"table {blocker.table} does not exist", fix
        case ForeignTable():
            what = f"table {blocker.table} belongs to {blocker.app} / {blocker.environment}, as its tags show"
            untag = f"aws dynamodb untag-resource --resource-arn {blocker.arn} --tag-keys app environment"
            fix = "give this environment a table of its own; or, if it is the same environment under a new name"
            return what, f"{fix}: {untag}"
        case BusyTable():
            what = f"table {blocker.table} is {blocker.status}"
            return what, f"wait until that has ended: aws dynamodb describe-table --table-name {blocker.table}"
        case OtherShape():
            what = f"table {blocker.table} has other keys or indexes than the service uses"
            create = "" if blocker.managed else ", and create that one"
            fix = f"name another table below inbox{create}; recreating this one would lose its messages"
            return f"{what}: {render_shape(blocker.live)}, not {render_shape(blocker.desired)}", fix
        case OtherInbox():
            what = f"release {blocker.number} keeps its inbox in table {blocker.table}"
            fix = f"name it below inbox in env/{environment}.yaml, then roll back"
            return f"{what}, which the manifest does not name", fix
        case LongRecord():
            what = f"the record of this release has {blocker.size} bytes even when packed"
            return f"{what}, and SSM takes {blocker.limit}", "shorten the manifest's literals"
        case _:
            assert_never(blocker)


def foreign_service(blocker: ForeignService, target: Description) -> tuple[str, str]:
    """The text of the blocker for another environment's service, for every verb that would change it."""
    untag = target.commands.untag.format(arn=blocker.arn)
    return (
        f"service {blocker.service} belongs to {blocker.app} / {blocker.environment}, as its tags show",
        f"give this environment a service.name of its own; or, if it is the same environment under a new name: {untag}",
    )


def _no_revision(blocker: NoScalingRevision, target: Description) -> tuple[str, str]:
    full = f"scaling configuration {blocker.service} has {blocker.limit} revisions in use"
    return (
        f"{full}, and {target.title} takes no more",
        f"move the services that use them to another revision: {target.commands.list_scaling}",
    )


def _missing_image(blocker: MissingImage, plan: Plan) -> tuple[str, str]:
    if plan.rollback_to:
        what = f"the image of release {plan.rollback_to} ({blocker.digest or blocker.tag}) is no longer in ECR"
        return what, f"choose another: just releases {plan.environment}"
    what = f"no image {blocker.repository}:{blocker.tag} in ECR"
    return what, f"just image push {plan.environment}, or name another: --image TAG"


def _secret(blocker: UnsetSecret | ReadableSecret, plan: Plan) -> tuple[str, str]:
    source = f"release {plan.rollback_to}" if plan.rollback_to else "the manifest"
    command = f"just secret set {plan.environment} {blocker.name}"
    other = f"choose another release: just releases {plan.environment}, then --to NUMBER"
    if isinstance(blocker, UnsetSecret):
        return f"{blocker.variable}: the secret has no value in SSM", other if plan.rollback_to else command
    what = f"{blocker.variable}: a plain {blocker.type} in SSM, but {source} declares a secret"
    if plan.rollback_to:
        return what, f"{_as_secret(blocker.name, plan)}; or {other}"
    return what, f"{command}   ({READABLE})"


def _as_secret(name: str, plan: Plan) -> str:
    """How to turn a plain parameter into a secret again before a rollback to a release that reads it as one."""
    return f"write `{name}: {{kind: secret}}` in the manifest, then: just secret set {plan.environment} {name}"


def _paused(blocker: ServicePaused, plan: Plan) -> tuple[str, str]:
    what, resume = f"service {blocker.service} is paused", f"just resume {plan.environment}"
    file = f"env/{plan.environment}.yaml"
    if plan.rollback_to is not None:
        start = f"start it with the release it ran last, then roll back: {resume} --old-release-first"
        if blocker.declared:
            start = f"remove `paused: true` from {file}; {start}"
        return f"{what}, and {plan.target.title} deploys nothing to a paused service", start
    declare = f"or declare it in {file}: `paused: true` below service"
    if not blocker.deploys:
        return what, f"start it again: {resume}; {declare}"
    start = f"start it with the release it ran last, then deploy this plan: {resume} --old-release-first"
    revert = f"or revert what waits, then: {resume}"
    return (
        f"{what}, and {plan.target.title} deploys nothing to a paused service",
        f"{start}; {revert}; {declare}, and this plan waits",
    )
