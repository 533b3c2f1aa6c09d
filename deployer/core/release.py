"""A release: what was deployed, with which versions of which parameters, and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from deployer.core.service import ServiceSpec

RELEASE_VARIABLE = "APP_RELEASE"
LEDGER_ROOT = "/app-deployer"


def ledger_path(app: str, environment: str) -> str:
    """The parameter path of an environment's ledger and lock, outside what its instances may read."""
    return f"{LEDGER_ROOT}/{app}/{environment}"


def release_id(spec: ServiceSpec, versions: Mapping[str, int]) -> str:
    """The short id of a release: 12 hex digits over image, plain variables, settings and parameter versions.

    App Runner reads parameters only when it deploys. With this id among the service's plain variables, a new
    parameter version changes the service's own configuration, so one update deploys it.
    """
    environment = {name: value for name, value in spec.environment.items() if name != RELEASE_VARIABLE}
    parts = [spec.image, environment, dict(spec.secrets), spec.settings(), dict(versions)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Release:
    """One entry of the ledger. It holds no secret, only the version of each parameter.

    `literals` and `versions` are keyed by variable; `when` is ISO 8601 in UTC; `outcome` is "healthy" or
    "failed". The number is the version of the ledger parameter, so it is not part of the record.
    """

    id: str
    outcome: str
    image: str
    tag: str
    literals: Mapping[str, str]
    versions: Mapping[str, int]
    settings: Mapping[str, str]
    manifest: str
    operation: str
    who: str
    when: str
    seconds: int

    def to_json(self) -> str:
        """The record as the ledger keeps it."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Release:
        """Read a record. Raises ValueError when it is not one."""
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError(f"not a release record: {error}") from None
