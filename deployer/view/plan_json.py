"""The JSON form of a plan, for programs and for `--plan FILE`. Its schema is docs/reference/plan.schema.json.

`format` is 2; it grows when a field changes its meaning or goes. New fields may come at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import to_builtins
from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from deployer.core.cause import Cause, CauseKind
from deployer.resources.plan import Plan
from deployer.resources.unions import Blocker, Change, Notice
from deployer.secrecy import scrubbed
from deployer.view import cause_text, caution_text
from deployer.view.blocker_text import render_blocker
from deployer.view.details import filled_fields
from deployer.view.documents.hold import HoldDocument
from deployer.view.hold_json import hold_document
from deployer.view.pause_text import postponed
from deployer.view.resources.texts import GROUPS, describe_change, describe_notice

FORMAT: Final = 2
TEXTS: Final = {"detail", "reason", "what", "fix", "text", "postponed"}  # for people: not part of the consent
# Fields of their own; and of a deployment, whose differences are shown and whose kept settings may hold a secret.
NOT_DETAILS: Final = frozenset({"symbol", "causes", "line", "spec", "kept"})


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Sparse(_Part):
    """Fields that have their default are left out."""

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        return {name: value for name, value in handler(self).items() if value != defaults[name]}


class StateDocument(_Sparse):
    value: str | None = Field(default=None, description="The value, where it may be shown.")
    version: int | None = Field(default=None, description="The version of a parameter.")
    path: str = Field(default="", description="The path of a parameter.")
    type: str = Field(default="", description="Its type in Parameter Store, where that is not the desired one.")
    recreated: bool = Field(default=False, description="Whether it was deleted and created again with this version.")
    hidden: bool = Field(default=False, description="Whether there is something that is not shown.")


class CauseDocument(_Sparse):
    kind: CauseKind = Field(description="Why: new, missing, edit, drift, conflict, ...")
    subject: str = Field(default="", description="What differs: literal, secret, reference, setting, tag, trust, ...")
    name: str = Field(default="", description="Which one, where that is not the address.")
    recorded: StateDocument | None = Field(default=None, description="Its state in the running release.")
    desired: StateDocument | None = Field(default=None, description="The state that the plan makes.")
    live: StateDocument | None = Field(default=None, description="The state that AWS holds.")
    who: str = Field(default="", description="Who made the live state: an ARN or a name.")
    when: str = Field(default="", description="When; ISO 8601 in UTC.")
    release: int | None = Field(default=None, description="The number of the release that the cause is about.")
    release_id: str = Field(default="", description="The id of that release.")


class ChangeDocument(_Part):
    kind: str = Field(description="What is done, such as PutParameter or DeployService.")
    symbol: Literal["+", "~", "-"] = Field(description="+ adds, ~ changes, - removes.")
    group: str = Field(description=f"The heading in the plan: {', '.join(GROUPS[:-1])} or {GROUPS[-1]}.")
    address: str = Field(description="What it is done to: a variable, a path, a service, ...")
    causes: tuple[CauseDocument, ...] = Field(description="Why, in order of weight.")
    details: Mapping[str, Any] = Field(
        description="The fields of this kind of change that are not empty; never a secret."
    )
    detail: str = Field(description="Old and new, as text for people: the wording may change at any time.")
    reason: str = Field(description="The causes, as text for people.")
    line: str = Field(description='The manifest line that asks for it, as "staging.yaml:14"; "" when none does.')


class NoticeDocument(_Part):
    kind: str = Field(description="What it is about, such as StagedVariable or KeptParameter.")
    symbol: Literal["!", "?"] = Field(description="! waits for the deployment, ? is left alone.")
    group: str
    address: str
    cause: CauseDocument
    detail: str = Field(description="Text for people.")
    line: str


class BlockerDocument(_Part):
    kind: str = Field(description="What is wrong, such as UnsetSecret or ServicePaused.")
    causes: tuple[CauseDocument, ...]
    details: Mapping[str, Any] = Field(
        description="The fields of this kind of blocker that are not empty; never a secret."
    )
    what: str = Field(description="What must be fixed before the plan can be applied, as text for people.")
    fix: str = Field(description="The command or step that fixes it.")
    line: str


class WarningDocument(_Part):
    kind: str = Field(description="NoRelease, FailedBefore or Unverified.")
    text: str = Field(description="Text for people.")


class SummaryDocument(_Part):
    add: int
    change: int
    remove: int
    unchanged: int


class LiveDocument(_Part):
    number: int = Field(description="The number of the release that runs, as `deployer releases` lists it.")
    release: str = Field(description="Its id, as the service reports it in X-App-Release.")
    when: str = Field(description="When it was recorded; ISO 8601 in UTC.")
    who: str


class SavedFormat(_Part):
    """The one field of a saved plan that every version of the deployer can read."""

    format: int


class PlanDocument(_Part):
    """What a reconcile or a rollback would do, and what that depends on."""

    format: Literal[2] = FORMAT
    app: str
    environment: str
    account: str
    region: str
    parameter_path: str = Field(description="The path of the environment's parameters.")
    service_name: str
    fingerprint: str = Field(description="12 hex digits: `--approve FINGERPRINT` is the consent to this plan.")
    live: LiveDocument | None
    release: str = Field(description="The id the service will report.")
    image: str = Field(description="The image by digest.")
    tag: str = Field(description="The image's tag.")
    deployment: bool = Field(description="Whether a deployment follows.")
    typical_seconds: tuple[int, ...] = Field(description="How long the last healthy deployments took.")
    known_bad: int | None = Field(description="A release of the same content that failed; refused without --retry.")
    rollback_to: int | None = Field(description="The release that is brought back; null for a reconcile.")
    with_secrets: bool
    prune: bool
    summary: SummaryDocument
    changes: tuple[ChangeDocument, ...] = Field(description="In the order they are applied.")
    notices: tuple[NoticeDocument, ...]
    blockers: tuple[BlockerDocument, ...]
    warnings: tuple[WarningDocument, ...]
    hold: HoldDocument | None = Field(description="Who stopped deployments to the environment, and why.")
    held: bool = Field(description="Whether the hold refuses this plan (exit 4).")
    postponed: str = Field(
        default="", description="Why this plan is not applied before the service runs again; empty when it is."
    )
    facts: Mapping[str, str] = Field(description="What the plan depends on, by name; a plan is stale when one changes.")


def plan_as_json(plan: Plan) -> str:
    """The plan's document as text. It holds no secret."""
    return document(plan).model_dump_json(indent=2)


def document(plan: Plan) -> PlanDocument:
    """The plan as printed with --json and saved with --out, without any known secret."""
    whole = _whole(plan)
    return PlanDocument.model_validate({**scrubbed(whole.model_dump()), "facts": whole.facts})  # facts are compared


def _whole(plan: Plan) -> PlanDocument:
    live = plan.live
    return PlanDocument(
        app=plan.app,
        environment=plan.environment,
        account=plan.account,
        region=plan.region,
        parameter_path=plan.parameter_path,
        service_name=plan.service_name,
        fingerprint=plan.fingerprint,
        live=LiveDocument(number=live.number, release=live.release.id, when=live.release.when, who=live.release.who)
        if live
        else None,
        release=plan.release,
        image=plan.image,
        tag=plan.tag,
        deployment=plan.deployment is not None,
        typical_seconds=plan.took,
        known_bad=plan.known_bad,
        rollback_to=plan.rollback_to,
        with_secrets=plan.with_secrets,
        prune=plan.prune,
        summary=SummaryDocument(
            add=plan.count("+"), change=plan.count("~"), remove=plan.count("-"), unchanged=plan.unchanged
        ),
        changes=tuple(_change(change) for change in plan.changes),
        notices=tuple(_notice(notice, plan) for notice in plan.notices),
        blockers=tuple(_blocker(blocker, plan) for blocker in plan.blockers),
        warnings=tuple(
            WarningDocument(kind=type(warning).__name__, text=caution_text.text(warning)) for warning in plan.warnings
        ),
        hold=hold_document(plan.environment, plan.hold),
        held=plan.held,
        postponed=postponed(plan) if plan.postponed else "",
        facts=dict(plan.facts),
    )


def agreed(document: PlanDocument) -> Any:
    """A document without its texts: two versions of the deployer that word a message differently agree on it."""
    return _without_texts(document.model_dump())


def _without_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_texts(part) for name, part in value.items() if name not in TEXTS}
    return [_without_texts(part) for part in value] if isinstance(value, list | tuple) else value


def _change(change: Change) -> ChangeDocument:
    return ChangeDocument(
        kind=type(change).__name__,
        symbol=change.symbol,
        group=change.group,
        address=change.address,
        causes=tuple(_cause(cause) for cause in change.causes),
        details=filled_fields(change, NOT_DETAILS),
        detail=describe_change(change),
        reason=cause_text.why(change),
        line=change.line,
    )


def _notice(notice: Notice, plan: Plan) -> NoticeDocument:
    return NoticeDocument(
        kind=type(notice).__name__,
        symbol=notice.symbol,
        group=notice.group,
        address=notice.address,
        cause=_cause(notice.cause),
        detail=describe_notice(notice, rollback_to=plan.rollback_to),
        line=notice.line,
    )


def _blocker(blocker: Blocker, plan: Plan) -> BlockerDocument:
    text = render_blocker(blocker, plan)
    return BlockerDocument(
        kind=type(blocker).__name__,
        causes=tuple(_cause(cause) for cause in blocker.causes),
        details=filled_fields(blocker, NOT_DETAILS),
        what=text.what,
        fix=text.fix,
        line=blocker.line,
    )


def _cause(cause: Cause) -> CauseDocument:
    return CauseDocument.model_validate(to_builtins(cause))
