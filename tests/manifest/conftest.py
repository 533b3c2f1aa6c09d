from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deployer.manifest.load import LoadedManifest, parse
from deployer.manifest.problem import InvalidManifest, Problem
from tests.samples import sample_text

STAGING = sample_text("staging")
WHERE = Path("env/staging.yaml")

Edit = tuple[str, str]


@pytest.fixture(scope="session")
def read() -> Callable[..., LoadedManifest]:
    """Load the sample staging.yaml after some textual edits; each has to find its text."""

    def load_edited(*edits: Edit) -> LoadedManifest:
        text = STAGING
        for old, new in edits:
            assert old in text, f"the edit finds nothing: {old}"
            text = text.replace(old, new)
        return parse(text.encode(), WHERE)

    return load_edited


@pytest.fixture(scope="session")
def refused(read: Callable[..., LoadedManifest]) -> Callable[..., tuple[Problem, ...]]:
    """The problems of the sample staging.yaml after some edits."""

    def problems_of(*edits: Edit) -> tuple[Problem, ...]:
        with pytest.raises(InvalidManifest) as refusal:
            read(*edits)
        return refusal.value.problems

    return problems_of


@pytest.fixture(scope="session")
def refused_text() -> Callable[[str | bytes], tuple[Problem, ...]]:
    """The problems of a whole file."""

    def problems_of(text: str | bytes) -> tuple[Problem, ...]:
        with pytest.raises(InvalidManifest) as refusal:
            parse(text.encode() if isinstance(text, str) else text, WHERE)
        return refusal.value.problems

    return problems_of
