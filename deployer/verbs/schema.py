"""`deployer schema KIND`: the JSON Schema of a manifest, and of what each verb prints with --json."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec.json

from deployer.core.outcome import Outcome
from deployer.errors import UsageError
from deployer.manifest.reference import reference
from deployer.manifest.schema import schema_text
from deployer.view.documents import (
    Adopted,
    Bootstrapped,
    Checked,
    Commands,
    Compared,
    Destroyed,
    Diagnosis,
    Drift,
    Edited,
    GitHubSettings,
    Held,
    Imaged,
    Imported,
    Listed,
    LogLine,
    Released,
    ReleasesCompared,
    Status,
    Turned,
    Verified,
)
from deployer.view.plan_json import PlanDocument

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_DOCUMENTS: Final[dict[str, tuple[str, Any]]] = {
    "plan": ("A plan of the deployer", PlanDocument),
    "outcome": ("The outcome of a reconcile, a rollback or a promotion", Outcome),
    "releases": ("What was released, newest first", tuple[Released, ...]),
    "releases-diff": ("What differs between two releases", ReleasesCompared),
    "check": ("Manifests and their problems", Checked),
    "status": ("The status of an environment", Status),
    "verify": ("What verify found of everything a deployment needs", Verified),
    "doctor": ("What doctor found", Diagnosis),
    "drift": ("What was changed outside the deployer", Drift),
    "destroy": ("What was deleted of an environment", Destroyed),
    "bootstrap": ("What an account needs before a deployment", Bootstrapped),
    "bootstrap-print": ("What an account needs, as commands", Commands),
    "diff": ("Two environments side by side", Compared),
    "log-line": ("A line of a log", LogLine),
    "adopt": ("A manifest that was written from what exists", Adopted),
    "edit": ("An edit of a manifest", Edited),
    "hold": ("The hold on an environment", Held | None),
    "service-state": ("The outcome of a pause, resume or restart", Turned),
    "secrets": ("The secrets of an environment", tuple[Listed, ...]),
    "image": ("The outcome of an image build or push", Imaged),
    "github-sync": ("GitHub's settings compared with those of the manifests", tuple[GitHubSettings, ...]),
    "import": ("What became of an import of secrets", tuple[Imported, ...]),
}
KINDS: Final = ("manifest", *_DOCUMENTS)


def page(of: str) -> str:
    """The manifest's keys as markdown. Raises UsageError for anything else."""
    if of != "manifest":
        raise UsageError("--markdown belongs to the manifest", fix=f"deployer schema {of}")
    return reference()


def schema(of: str) -> str:
    """The schema as text, such as the checked-in files hold it."""
    if of == "manifest":
        return schema_text()
    title, kind = _DOCUMENTS[of]
    generated = kind.model_json_schema(mode="serialization") if kind is PlanDocument else msgspec.json.schema(kind)
    return json.dumps({**generated, "$schema": DIALECT, "title": title}, indent=2) + "\n"
