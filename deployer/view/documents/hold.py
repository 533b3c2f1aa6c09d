"""The JSON of a hold: of `hold`, and of a plan, which is read again when it was saved."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class HoldDocument(BaseModel):
    """The hold on an environment. `release` was rolled back from, `to` was rolled back to; None for a manual hold."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: str = Field(description="`just resume ENV --approve ID` lifts exactly this hold.")
    environment: str = Field(default="", description="The environment that is held.")
    kind: str = Field(description="rollback, manual, or unreadable.")
    who: str
    when: str = Field(description="ISO 8601 in UTC.")
    reason: str
    release: int | None = Field(description="The release that was rolled back from.")
    to: int | None = Field(description="The release that was rolled back to.")
