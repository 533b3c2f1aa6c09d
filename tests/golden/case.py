"""A plan case is a folder of data: what is wanted and what was observed, and the plan as text and as JSON.

    staging.yaml   the manifest; that of the base when left out
    facts.yaml     how the observed state differs from that of the base: maps are merged, `gone` removes a key,
                   `key+` adds to a list, everything else replaces what was there
    options.yaml   tag, digest and here of the image; prune; rollback and with_secrets; base
    plan.txt       what `deployer plan` prints
    plan.json      what `deployer plan --json` prints

The base is a manifest and an observed state of one target: that of base/, or that of the folder below it that the
option `base` names, whose observed state differs from that of base/ in the same way.

`python -m tests.golden.case` writes plan.txt and plan.json of every case again: read the difference in git.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import convert
from msgspec.structs import replace

from deployer.core import rollback
from deployer.core.desired import Desired, DesiredImage
from deployer.core.observed import Observed
from deployer.core.service import Settings
from deployer.core.target import Description
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.resources.desired import desired_state
from deployer.resources.dynamodb_table import state
from deployer.resources.plan import Plan
from deployer.resources.planner import plan
from deployer.targets.registry import describe
from deployer.view.plan_json import document
from deployer.view.plan_text import render

HERE: Final = Path(__file__).parent
BASE: Final = HERE / "base"
TAG: Final = "8c1f2e0d4b5a69788796a5b4c3d2e1f001234567"
GONE: Final = "gone"
OTHERS: Final = {state.KIND: state.ObservedTable}  # what is observed of the kinds in Observed.resources


@dataclass(frozen=True)
class Case:
    folder: Path

    @property
    def observed(self) -> Observed:
        """The observed state."""
        patched = merged(self._base_facts(), read(self.folder / "facts.yaml"))
        others = {name: convert(found, OTHERS[name]) for name, found in patched.pop("resources", {}).items()}
        return replace(convert(patched, Observed, dec_hook=self._settings), resources=others)

    @property
    def desired(self) -> Desired:
        """The desired state; that of a recorded release when the case is a rollback."""
        options, loaded = self._options(), self._loaded()
        image = loaded.manifest.image
        tag, digest, here = options.get("tag", TAG), options.get("digest"), options.get("here", False)
        current = desired_state(loaded, DesiredImage(image.repository, tag, digest, image.keep, here=here), self.target)
        if "rollback" not in options:
            return current
        entry = rollback.choose(self.observed.releases, options["rollback"], "staging")
        return rollback.desired_release(current, entry, with_secrets=options.get("with_secrets", False))

    def plan(self) -> Plan:
        return plan(self.desired, self.observed, prune=self._options().get("prune", False))

    def outputs(self) -> dict[str, str]:
        """The file names and what they should hold."""
        made = self.plan()
        return {
            "plan.txt": render(made, manifest="env/staging.yaml", target=self.target.name) + "\n",
            "plan.json": document(made).model_dump_json(indent=2) + "\n",
        }

    @property
    def target(self) -> Description:
        """The target that the manifest chooses."""
        return describe(self._loaded().manifest.service.target)

    def _loaded(self) -> LoadedManifest:
        own = self.folder / "staging.yaml"
        return load_manifest(own if own.exists() else self._base / "staging.yaml")

    @property
    def _base(self) -> Path:
        base: Path = BASE / self._options().get("base", ".")
        return base

    def _base_facts(self) -> dict[str, Any]:
        first = read(BASE / "facts.yaml")
        patched: dict[str, Any] = first if self._base == BASE else merged(first, read(self._base / "facts.yaml"))
        return patched

    def _options(self) -> dict[str, Any]:
        return read(self.folder / "options.yaml")

    def _settings(self, kind: type, value: Any) -> Any:
        """The settings of the target where the observed state has those of any."""
        return self.target.read_settings(value) if kind is Settings else value


def cases() -> list[Case]:
    """Every folder below cases/."""
    return [Case(folder) for folder in sorted((HERE / "cases").iterdir()) if folder.is_dir()]


def read(path: Path) -> dict[str, Any]:
    """A YAML file as plain data; empty when there is none."""
    return (yaml.load(path.read_bytes(), yaml.CSafeLoader) or {}) if path.exists() else {}


def merged(base: Any, patch: Any) -> Any:
    """`base` with `patch` over it."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    result = dict(base)
    for key, value in patch.items():
        if value == GONE:
            result.pop(key, None)
        elif key.endswith("+"):
            result[key[:-1]] = [*base[key[:-1]], *value]
        else:
            result[key] = merged(base.get(key), value)
    return result


def write_all() -> None:
    for case in cases():
        for name, text in case.outputs().items():
            (case.folder / name).write_text(text)


if __name__ == "__main__":
    write_all()
