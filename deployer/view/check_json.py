"""Checked manifests, or their problems, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable

from msgspec import to_builtins

from deployer.manifest.load import LoadedManifest
from deployer.manifest.problem import Problem as FoundProblem
from deployer.view.check_text import count_variables, notes, unchecked
from deployer.view.documents.check import CheckDocument, Problem, ValidManifest
from deployer.view.json_text import as_json


def checked_json(manifests: Iterable[LoadedManifest]) -> str:
    """Manifests without a problem."""
    good = (
        ValidManifest(
            str(one.path), one.manifest.environment, one.sha256, *count_variables(one), unchecked(one.app), notes(one)
        )
        for one in manifests
    )
    return as_json(CheckDocument((), tuple(good)), ensure_ascii=False)


def problems_json(problems: Iterable[FoundProblem]) -> str:
    """The problems as `{"problems": [{"file": ..., "line": ..., ...}]}`, as `deployer schema check` defines them."""
    shown = [to_builtins(Problem(**problem._asdict())) for problem in problems]
    return json.dumps({"problems": shown}, indent=2, ensure_ascii=False)
