"""The edits that people make to the manifests of a project, by the tools and the steps that the documentation names."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from deployer.manifest.load import load_manifest
from deployer.manifest.model import LiteralVariable
from tests.ready import deployer

REGION, ACCOUNT = "eu-central-1", "210987654321"
# The values of which the service knows only some.
CHOICES = {"deployment-type": "development", "logging-level": "WARNING", "meta-api-version": "v27.0"}


def manifests(root: Path) -> list[Path]:
    return sorted((root / "env").glob("*.yaml"))


def set_every_literal(root: Path) -> None:
    for path in manifests(root):
        for name, variable in load_manifest(path).manifest.variables.items():
            if isinstance(variable, LiteralVariable):
                _run(root, "set", path.stem, name, CHOICES.get(name) or _another(variable.value))


def set_logging_level(root: Path) -> None:
    """The tutorial's own example."""
    _run(root, "set", "staging", "logging-level", "INFO")


def write_account(root: Path) -> None:
    _edit(root, r'account: "\d{12}".*', f'account: "{ACCOUNT}"', local=False)


def move_region(root: Path) -> None:
    _edit(root, r"region: \S+", f"region: {REGION}")


def rename(root: Path) -> None:
    """The application, the service, the parameters, the images, the roles, the repository and its branches."""
    _edit(root, r"app: .*", "app: our-app")
    _edit(root, r"parameter_path: /.*/", "parameter_path: /our/parameters/")
    _edit(root, r"repository: ansari-whatsapp ?", "repository: our-images ")
    _edit(root, r"name: ansari-(\w+)-whatsapp", r"name: our-\1-service")
    _edit(root, r"access: \w+, instance: \w+", "access: OurAccess, instance: OurInstance")
    _edit(root, r"repository: ansari-project/.*", "repository: our-team/our-app", local=False)
    _edit(root, r"role: ansari-whatsapp-", "role: our-app-", local=False)
    _edit(root, r"branch: develop", "branch: trunk", only="staging")
    _edit(root, r"branches: \[develop, main\]", "branches: [trunk, main]", only="staging")


def scale(root: Path) -> None:
    _edit(root, r"scaling: \{.*\}", "scaling: {min: 2, max: 9, concurrency: 60}")
    _edit(root, r"cpu: .*", "cpu: 2 vCPU")
    _edit(root, r"memory: .*", "memory: 4 GB")
    _edit(root, r"port: 8001", "port: 8101")
    _edit(root, r"health_check: \{.*\}", "health_check: {protocol: HTTP, path: /health, interval: 10, timeout: 3}")
    _edit(root, r"keep: 30", "keep: 50")


def protect(root: Path) -> None:
    _edit(root, r"confirm: false", "confirm: true", only="staging")
    _edit(root, r"confirm: true, branches", "confirm: false, branches", only="production")
    _edit(root, r"clean_tree: true, healthy_in: staging", "clean_tree: true", only="production")


def add_variables(root: Path) -> None:
    for path in manifests(root):
        _run(root, "add", path.stem, "lease-seconds", "300")
        _run(root, "add", path.stem, "metrics-token", "--generate", "32", "--description", "Reads /metrics")


def add_extra_variable(root: Path) -> None:
    """In one environment only, as `adopt` writes it."""
    _run(root, "add", "staging", "log-shipper-url", "https://logs.example.org", "--extra", "--store", "service")
    _run(root, "add", "staging", "log-shipper-token", "--secret", "--extra")


def remove_variable(root: Path) -> None:
    for path in manifests(root):
        _run(root, "remove", path.stem, "origins")


def add_environment(root: Path) -> None:
    """docs/how-to/add-an-environment.md."""
    text = (root / "env" / "staging.yaml").read_text()
    for old, new in (
        (r"(?m)^environment: staging", "environment: preview"),
        (r"(?m)/staging$", "/preview"),
        (r"name: (\w+)-staging-", r"name: \1-preview-"),
        (r"-staging-github-actions", "-preview-github-actions"),
    ):
        text, done = re.subn(old, new, text)
        assert done, old
    (root / "env" / "preview.yaml").write_text(text)


EDITS: dict[str, Callable[[Path], None]] = {
    edit.__name__: edit
    for edit in (
        *(set_every_literal, set_logging_level, write_account, move_region, rename, scale, protect),
        *(add_variables, add_extra_variable, remove_variable, add_environment),
    )
}


def commit_edits(root: Path) -> None:
    """Check the manifests, write the generated workflows again and commit everything."""
    _run(root, "ci", "render")
    _run(root, "check")
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.invalid")
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "An edit")):
        subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def _another(value: object) -> str:
    match value:
        case bool():
            return "false" if value else "true"
        case int():
            return str(value + 1)
        case _:
            text = re.sub(r":(\d+)$", lambda port: f":{int(port[1]) + 100}", str(value))  # here, where no name resolves
            return text if text != value else re.sub(r"^https://", "https://edited-", text)


def _edit(root: Path, old: str, new: str, *, local: bool = True, only: str = "") -> None:
    """Replace `old` once in each manifest; `local` says whether the local environment's has it too."""
    for path in manifests(root):
        if (local or path.stem != "local") and only in ("", path.stem):
            text, done = re.subn(rf"(?<![\w-]){old}", new, path.read_text())
            assert done == 1, f"{path.name}: {old}: {done}"
            path.write_text(text)


def _run(root: Path, *arguments: str) -> None:
    done = deployer(root, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
