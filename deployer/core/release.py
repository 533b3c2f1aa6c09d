"""A release: what was deployed, with which parameter versions, and its outcome."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from deployer.core.record_format import STAMP, refuse_newer, refuse_unknown_target, unknown_fields, with_unknown
from deployer.core.service import ServiceSpec, Settings
from deployer.secrecy import scrubbed

RELEASE_VARIABLE = "APP_RELEASE"
LEDGER_ROOT = "/app-deployer"
LEDGER_BYTES = 4096  # a standard parameter's value (AWS Systems Manager endpoints and quotas)
PACKED = "zlib:"
ReadSettings: TypeAlias = Callable[[Mapping[str, Any]], Settings]  # raises TypeError for what are none


class RecordedTargets(Struct, frozen=True):
    """The targets whose records can be read. `first` is the target of a record that does not name its target."""

    first: str
    settings: Mapping[str, ReadSettings]


def ledger_path(app: str, environment: str) -> str:
    """The parameter path of an environment's ledger and lock, outside the path that its instances may read."""
    return f"{LEDGER_ROOT}/{app}/{environment}"


def replaced_path(ledger: str, name: str) -> str:
    """The path of the SecureString that keeps the last value of a parameter recreated with another type."""
    return f"{ledger}/replaced/{name}"


def release_id(spec: ServiceSpec, versions: Mapping[str, int], recreated: Mapping[str, str]) -> str:
    """The short id of a release: 12 hex digits over image, plain variables, settings and parameter versions.

    A target may read parameters only when it deploys. With this id among the service's plain variables, a new parameter
    version changes the service's own configuration, so that one update deploys it. `recreated` marks those that were
    deleted and recreated, whose versions count from one again.
    """
    environment = {name: value for name, value in spec.environment.items() if name != RELEASE_VARIABLE}
    return _digest(
        [spec.image, environment, dict(spec.secrets), to_builtins(spec.settings), dict(versions), dict(recreated)]
    )


class Release(Struct, frozen=True):
    """One entry of the ledger. It holds no secret, only the version of each parameter.

    `literals` and `versions` are keyed by variable: a literal without a version is a plain variable of the service, a
    version without a literal is a secret. `when` is ISO 8601 in UTC; `outcome` is "healthy" or "failed", and `why` is
    the cause of a failure. `rollback_to` is the number of the release that this one brought back. `recreated` marks
    parameters that were deleted and recreated since an older release. `service` is the name of the service and `path`
    that of its parameters, "" where they were not recorded. `target` is the compute platform that it was deployed to:
    only that target reads its settings. `unmanaged` are settings that the service had and the
    manifest did not name, None where they were not recorded. The number of a release is the version of the ledger
    parameter, so it is not part of the record. `unknown` are fields that another version of the deployer wrote: they
    are kept.
    """

    id: str
    outcome: str
    image: str
    tag: str
    literals: Mapping[str, str]
    versions: Mapping[str, int]
    settings: Settings | None
    manifest: str
    operation: str
    who: str
    when: str
    seconds: int
    content: str
    rollback_to: int | None = None
    why: str = ""
    recreated: Mapping[str, str] = field(default_factory=dict, name="anew")
    service: str = ""
    path: str = ""
    unmanaged: Mapping[str, str] | None = None
    target: str = ""
    unknown: Mapping[str, Any] = field(default_factory=dict)

    def _known(self) -> dict[str, Any]:
        fields: dict[str, Any] = to_builtins(self)
        del fields["unknown"]
        return fields

    @property
    def healthy(self) -> bool:
        return self.outcome == "healthy"

    @property
    def digest(self) -> str:
        return self.image.partition("@")[2]

    def fitted(self) -> Release:
        """This record without known secrets, and with its cause cut as far as needed to fit into a parameter."""
        why = scrubbed(self.why)  # first, because the part of a secret that a cut leaves is not recognised
        fits = self if why == self.why else replace(self, why=why)
        while fits.why and len(fits.to_text().encode()) > LEDGER_BYTES:
            fits = replace(fits, why=f"{fits.why[:-20]}…" if len(fits.why) > 40 else "")
        return fits

    def to_text(self) -> str:
        """The record as JSON, packed when it would not fit into a parameter.

        Known secrets are removed from its free text. The rest is what a rollback deploys, and stays exact.
        """
        fields = {**self._known(), **STAMP, "why": scrubbed(self.why)}
        text = json.dumps(with_unknown(fields, self.unknown), sort_keys=True, separators=(",", ":"))
        if len(text.encode()) <= LEDGER_BYTES:
            return text
        return PACKED + base64.b85encode(zlib.compress(text.encode(), 9)).decode()

    @classmethod
    def from_text(cls, text: str, targets: RecordedTargets, name: str = "a release") -> Release:
        """Parse a record. Raises ValueError for invalid text, and NewerFormat for a record that is not understood."""
        try:
            if text.startswith(PACKED):
                text = zlib.decompress(base64.b85decode(text.removeprefix(PACKED))).decode()
            fields = json.loads(text)
            refuse_newer(fields, name)
            refuse_unknown_target(fields, name, targets.settings)
            target = fields.get("target", targets.first)
            settings = targets.settings[target](fields["settings"]) if fields["settings"] else None
            attributes = dict(zip(cls.__struct_encode_fields__, cls.__struct_fields__, strict=True))
            known = {
                attributes[name]: value for name, value in fields.items() if name in attributes and name != "unknown"
            }
            read = cls(**{**known, "settings": settings, "target": target})
            return replace(read, unknown=unknown_fields(fields, {**read._known(), **STAMP}))
        except (TypeError, KeyError, AttributeError, zlib.error, binascii.Error) as error:
            raise ValueError(f"not a release record: {type(error).__name__}") from None


class RecordedRelease(Struct, frozen=True):
    """An entry of the ledger, its number, and the time when AWS stored it, in seconds since 1970."""

    number: int
    release: Release
    at: float = 0.0


def content_id(
    image: str,
    literals: Mapping[str, str],
    versions: Mapping[str, int],
    recreated: Mapping[str, str],
    settings: Settings,
) -> str:
    """The id of a release's content: a literal that is written again has another version, but the same content."""
    secrets = {name: [version, recreated.get(name)] for name, version in versions.items() if name not in literals}
    return _digest([image, dict(literals), secrets, to_builtins(settings)])


def last_healthy(releases: Sequence[RecordedRelease]) -> RecordedRelease | None:
    """The newest healthy release, which the containers hold: a failed deployment leaves it running."""
    return next((entry for entry in reversed(releases) if entry.release.healthy), None)


def before(
    releases: Sequence[RecordedRelease], live: RecordedRelease | None, *, with_secrets: bool
) -> RecordedRelease | None:
    """The healthy release to roll back to from `live`: the newest older one with other content.

    A live release that is itself a rollback counts as the release it brought back, so that two rollbacks go two
    releases back. Without secrets, releases with the same image, literals and settings count as the same.
    """
    if live is None:
        return None
    start = live.release.rollback_to or live.number
    older = (e for e in reversed(releases) if e.number < start and e.release.healthy)
    return next((e for e in older if not _same(e.release, live.release, with_secrets=with_secrets)), None)


def _same(one: Release, other: Release, *, with_secrets: bool) -> bool:
    if with_secrets:
        return one.content == other.content
    return (one.image, one.literals, one.settings) == (other.image, other.literals, other.settings) and (
        one.versions.keys() == other.versions.keys()
    )


def known_bad(releases: Sequence[RecordedRelease], content: str) -> RecordedRelease | None:
    """The failed release with this content, unless the same content was healthy since."""
    same = [entry for entry in releases if entry.release.content == content]
    return same[-1] if same and not same[-1].release.healthy else None


def typical_seconds(releases: Sequence[RecordedRelease], count: int = 5) -> tuple[int, ...]:
    """The durations of the newest healthy deployments, newest last.

    The duration of a release that a later run recorded is unknown, so it is left out.
    """
    return tuple(e.release.seconds for e in releases if e.release.healthy and e.release.seconds)[-count:]


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
