"""The JSON of `secret list` and `secret import`."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.secret_import import ImportStatus
from deployer.core.secret_state import SecretStatus


class SecretDocument(Struct, frozen=True):
    """A secret as programs read it. `changed` is ISO 8601; `running` is the version that the containers hold.

    `state` is the status as text for people.
    """

    name: str
    status: SecretStatus
    state: str
    version: int | None
    running: int | None
    changed: str | None
    by: str | None


class ImportDocument(Struct, frozen=True):
    """The outcome for one line or one secret: `version` is the new one, None where nothing was written.

    `credential` is what the value of another variable than a secret looks like, None for none. `did` is the outcome as
    text for people.
    """

    variable: str
    status: ImportStatus
    did: str
    version: int | None
    credential: str | None
