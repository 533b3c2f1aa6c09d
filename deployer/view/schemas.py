"""The JSON Schemas of a manifest, and of what verbs print with --json."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec.json
from pydantic import TypeAdapter

from deployer.core.service import Settings
from deployer.manifest.schema import schema_text
from deployer.resources.outcome import Outcome
from deployer.view.documents.adopt import AdoptDocument
from deployer.view.documents.bootstrap import BootstrapCommands, BootstrapDocument
from deployer.view.documents.check import CheckDocument
from deployer.view.documents.costs import CostsDocument
from deployer.view.documents.destroy import DestroyDocument
from deployer.view.documents.diff import DiffDocument
from deployer.view.documents.doctor import DoctorDocument
from deployer.view.documents.drift import DriftDocument
from deployer.view.documents.edit import EditDocument
from deployer.view.documents.github_sync import GitHubDocument
from deployer.view.documents.hold import HoldDocument
from deployer.view.documents.image import ImageDocument
from deployer.view.documents.inbox import DeadDocument, InboxDocument, ReplayDocument
from deployer.view.documents.logs import LogLine
from deployer.view.documents.releases import ReleaseDocument, ReleasesDiffDocument
from deployer.view.documents.secrets import ImportDocument, SecretDocument
from deployer.view.documents.service_state import ServiceStateDocument
from deployer.view.documents.status import StatusDocument
from deployer.view.documents.verify import VerifyDocument
from deployer.view.plan_json import PlanDocument

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_DOCUMENTS: Final[dict[str, tuple[str, Any]]] = {
    "plan": ("A plan of the deployer", PlanDocument),
    "outcome": ("The outcome of a reconcile, a rollback or a promotion", Outcome),
    "releases": ("What was released, newest first", tuple[ReleaseDocument, ...]),
    "releases-diff": ("What differs between two releases", ReleasesDiffDocument),
    "check": ("Manifests and their problems", CheckDocument),
    "costs": ("What a service costs each month, at least", CostsDocument),
    "status": ("The status of an environment", StatusDocument),
    "verify": ("The results of checking everything a deployment needs", VerifyDocument),
    "doctor": ("The findings of doctor", DoctorDocument),
    "drift": ("What was changed outside the deployer", DriftDocument),
    "destroy": ("What was deleted of an environment", DestroyDocument),
    "bootstrap": ("What an account needs before a deployment", BootstrapDocument),
    "bootstrap-print": ("What an account needs, as commands", BootstrapCommands),
    "diff": ("The differences between two environments", DiffDocument),
    "log-line": ("A line of a log", LogLine),
    "inbox": ("The messages that wait, and those that were given up", InboxDocument),
    "dead": ("The messages that were given up", DeadDocument),
    "replay": ("The outcome of a replay of dead letters", ReplayDocument),
    "adopt": ("A manifest that was written from an existing service", AdoptDocument),
    "edit": ("An edit of a manifest", EditDocument),
    "hold": ("The hold on an environment", HoldDocument | None),
    "service-state": ("The outcome of a pause, resume or restart", ServiceStateDocument),
    "secrets": ("The secrets of an environment", tuple[SecretDocument, ...]),
    "image": ("The outcome of an image build or push", ImageDocument),
    "github-sync": ("GitHub's settings compared with those of the manifests", tuple[GitHubDocument, ...]),
    "import": ("The outcome of an import of secrets", tuple[ImportDocument, ...]),
}
_PARSED: Final = {"plan", "hold"}  # documents of pydantic, because a saved plan is parsed again
KINDS: Final = ("manifest", *_DOCUMENTS)


def schema_json(of: str) -> str:
    """The schema of one of KINDS as text, as in the checked-in files."""
    if of == "manifest":
        return schema_text()
    title, kind = _DOCUMENTS[of]
    if of in _PARSED:
        generated = TypeAdapter(kind).json_schema(mode="serialization")
    else:
        generated = msgspec.json.schema(kind, schema_hook=_opaque)
    return json.dumps({**generated, "$schema": DIALECT, "title": title}, indent=2) + "\n"


def _opaque(kind: type) -> dict[str, Any]:
    """The schema of the settings of a service, whose keys are those of its target."""
    if kind is not Settings:
        raise NotImplementedError(kind.__name__)
    return {"type": "object", "description": "Every setting of the service; the keys are those of its target."}
