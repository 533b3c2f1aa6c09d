"""Refuse a manifest with which the service would not start."""

from __future__ import annotations

from deployer.apps.settings import settings_class
from deployer.manifest.contract import problems
from deployer.manifest.load import LoadedManifest
from deployer.manifest.problem import InvalidManifest


def refuse_contract_problems(loaded: LoadedManifest) -> None:
    """Raise InvalidManifest when the service would not start with this manifest."""
    if broken := problems(loaded, settings_class(loaded.app, loaded.root)):
        raise InvalidManifest(broken)
