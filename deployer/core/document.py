"""The JSON form of a plan, for programs and for `--plan FILE`. Its schema is docs/reference/plan.schema.json.

`format` is 1; it grows when a field changes its meaning or goes. New fields may come at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec.structs import asdict
from pydantic import BaseModel, ConfigDict, Field

from deployer.core.hold import Hold
from deployer.core.plan import Plan
from deployer.secrecy import scrubbed

FORMAT: Final = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class ChangeDocument(_Part):
    kind: str = Field(description="What is done, such as PutParameter or DeployService.")
    symbol: Literal["+", "~", "-"] = Field(description="+ adds, ~ changes, - removes.")
    group: str = Field(description="The heading it stands under: Access, Image, Variables or Service.")
    address: str = Field(description="What it is done to: a variable, a path, a service, ...")
    detail: str = Field(description="Old and new, in words; never a secret.")
    reason: str = Field(description="Why: new, missing, edit, drift, conflict, ...")
    line: str = Field(description='The manifest line that asks for it, as "staging.yaml:14"; "" when none does.')


class NoticeDocument(_Part):
    symbol: Literal["!", "?"] = Field(description="! waits for the deployment, ? is left alone.")
    address: str
    detail: str
    line: str


class BlockerDocument(_Part):
    what: str = Field(description="What has to be mended before the plan can be applied.")
    fix: str = Field(description="The command or step that mends it.")
    line: str


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


class HoldDocument(_Part):
    id: str = Field(description="`just resume ENV --approve ID` lifts exactly this hold.")
    kind: str = Field(description="rollback, manual, or unreadable.")
    who: str
    when: str = Field(description="ISO 8601 in UTC.")
    reason: str
    release: int | None = Field(description="The release that was rolled back from.")
    to: int | None = Field(description="The release that was rolled back to.")


class SavedFormat(_Part):
    """The one field of a saved plan that every version of the deployer can read."""

    format: int


class PlanDocument(_Part):
    """What a reconcile or a rollback would do, and what that stands on."""

    format: Literal[1] = FORMAT
    app: str
    environment: str
    account: str
    region: str
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
    warnings: tuple[str, ...]
    hold: HoldDocument | None = Field(description="Who stopped deployments to the environment, and why.")
    held: bool = Field(description="Whether the hold refuses this plan (exit 4).")
    postponed: str = Field(
        default="", description="Why this plan is not applied before the service runs again; empty when it is."
    )
    facts: Mapping[str, str] = Field(description="What the plan stands on, by name; a plan is stale when one moves.")


def document(plan: Plan) -> PlanDocument:
    """The plan as it is printed with --json and saved with --out, without any known secret."""
    whole = _whole(plan)
    return PlanDocument.model_validate({**scrubbed(whole.model_dump()), "facts": whole.facts})  # facts are compared


def _whole(plan: Plan) -> PlanDocument:
    live = plan.live
    return PlanDocument(
        app=plan.app,
        environment=plan.environment,
        account=plan.account,
        region=plan.region,
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
        changes=tuple(
            ChangeDocument(
                kind=type(c).__name__,
                symbol=c.symbol,
                group=c.group,
                address=c.address,
                detail=c.detail,
                reason=c.reason,
                line=c.line,
            )
            for c in plan.changes
        ),
        notices=tuple(NoticeDocument.model_validate(asdict(notice)) for notice in plan.notices),
        blockers=tuple(
            BlockerDocument(what=blocker.what, fix=blocker.fix, line=blocker.line) for blocker in plan.blockers
        ),
        warnings=plan.warnings,
        hold=_hold(plan.hold),
        held=plan.held,
        postponed=plan.postponed,
        facts=dict(plan.facts),
    )


def _hold(hold: Hold | None) -> HoldDocument | None:
    if hold is None:
        return None
    return HoldDocument(
        id=hold.id,
        kind=hold.kind,
        who=hold.who,
        when=hold.when,
        reason=hold.reason,
        release=hold.release,
        to=hold.to,
    )
