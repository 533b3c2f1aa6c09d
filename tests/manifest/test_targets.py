"""The choice of a target, and what a section adds to the rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deployer.manifest.load import LoadedManifest
from deployer.manifest.targets import SECTIONS, register, section


def test_a_target_cannot_be_added_to_a_model_that_is_made(read: Callable[..., LoadedManifest]) -> None:
    assert read().manifest.service.target in SECTIONS
    with pytest.raises(RuntimeError, match="without the target moon"):
        register("moon", SECTIONS["apprunner"])
    assert "moon" not in SECTIONS


def test_the_first_target_is_read_where_none_is_chosen() -> None:
    assert section({}) is SECTIONS["apprunner"]
    assert section({"service": {"target": "moon"}}) is SECTIONS["apprunner"]


def test_app_runner_neither_ignores_nor_refuses_a_key() -> None:
    assert dict(SECTIONS["apprunner"].ignored) == dict(SECTIONS["apprunner"].refused) == {}
