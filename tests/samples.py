"""The manifests that tests use in place of env/, whose values users change.

Only tests/manifest/test_env_files.py reads the live ones; tests/architecture/test_live_manifests.py sees to that.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from deployer.ci.workflows import workflow_files
from deployer.core.release import Release
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.manifest.model import Manifest
from deployer.targets.registry import RECORDED

ROOT: Final = Path(__file__).parents[1]
MANIFESTS: Final = Path(__file__).with_name("manifests")
ENVIRONMENTS: Final = ("local", "production", "staging")


def sample_path(environment: str) -> Path:
    return MANIFESTS / f"{environment}.yaml"


def sample_text(environment: str) -> str:
    return sample_path(environment).read_text()


def sample(environment: str) -> LoadedManifest:
    return load_manifest(sample_path(environment))


def sample_manifest(environment: str) -> Manifest:
    return sample(environment).manifest


def sample_workflows() -> dict[str, str]:
    """File name to text: the workflows that `ci render` writes for the sample manifests."""
    return workflow_files([sample_manifest(environment) for environment in ENVIRONMENTS])


def install_manifests(root: Path) -> None:
    """Make the sample manifests the env/ of the project in `root`, which may have none yet."""
    env = root / "env"
    env.mkdir(parents=True, exist_ok=True)
    for live in env.glob("*.yaml"):
        live.unlink()
    for environment in ENVIRONMENTS:
        shutil.copy(sample_path(environment), env)


def install_workflows(root: Path) -> None:
    """Make the workflows of the project in `root` those of the sample manifests."""
    folder = root / ".github" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    for live in folder.glob("*.yml"):
        live.unlink()
    for name, text in sample_workflows().items():
        (folder / name).write_text(text)


def make_project(root: Path) -> Path:
    """A project that commands find from below `root`: its manifests and workflows, without its code."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "deployer.yaml", root)
    install_manifests(root)
    install_workflows(root)
    return root


def copy_checkout(root: Path) -> None:
    """Copy what git tracks or would track of this checkout to `root`, with the sample manifests for the live ones."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        manifest = name.startswith("env/") and name.endswith(".yaml")
        if (ROOT / name).is_file() and not manifest:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    install_manifests(root)
    install_workflows(root)


def read_release(text: str, name: str = "a release") -> Release:
    """A record of a release of any target."""
    return Release.from_text(text, RECORDED, name)
