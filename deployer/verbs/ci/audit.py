"""`deployer ci audit`: report known vulnerabilities in the packages that the image installs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from msgspec import Struct

from deployer.apps.image_lock import find_image_lock
from deployer.errors import Refused, StateUnknown, UsageError
from deployer.project import find_root

SECONDS = 15
SHOWN = 3
# What pip-audit and its library print when the data is missing, rather than bad.
_OUT_OF_REACH = re.compile(r"ConnectionError|Could not connect|Timeout|HTTPError|SSLError|ProxyError")


class AuditOptions(Struct, frozen=True, kw_only=True):
    """`lock` is the lock file, None for that of deployer.yaml.

    `service` is the address of an OSV service, None for that of pip-audit.
    """

    lock: Path | None = None
    service: str | None = None


class AuditResult(Struct, frozen=True):
    """A lock file without a known vulnerability, and how many packages it pins."""

    lock: str
    packages: int


def audit_packages(options: AuditOptions) -> AuditResult:
    """Ask pip-audit about every package of a lock file.

    Raises Refused with every finding, and StateUnknown when the data cannot be reached, which proves nothing.
    """
    lock, service = find_image_lock(options.lock, find_root(Path.cwd())), options.service
    if not lock.is_file():
        raise UsageError(f"{lock} is not a file", fix="name another one: --lock FILE")
    asked = ["--vulnerability-service", "osv", "--osv-url", service] if service else []
    arguments = ["--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--requirement", str(lock), *arguments, "--timeout", str(SECONDS), *asked],
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named pip_audit" in done.stderr:
        raise UsageError("pip-audit is not installed", fix="just _sync-dev")
    packages = _packages(done.stdout)
    if packages is None:
        why = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        if _OUT_OF_REACH.search(done.stderr):
            what = "vulnerabilities were not checked: the database cannot be reached"
            raise StateUnknown(what, why=why, fix="run it where it can")
        fix = "name a lock file with hashes: --lock FILE" + ("; or another address: --service URL" if service else "")
        raise UsageError(f"pip-audit cannot check {lock}", why=why, fix=fix)
    if not packages:
        raise UsageError(f"{lock} pins no package", fix="name a lock file with hashes: --lock FILE")
    vulnerabilities = [line for package in packages for line in _findings(package)]
    if vulnerabilities:
        raise Refused(
            f"{len(vulnerabilities)} known vulnerabilities in {lock.name}: {'; '.join(vulnerabilities)}",
            fix="just lock, or raise a minimum",
        )
    if skipped := [f"{one['name']} ({one['skip_reason']})" for one in packages if "skip_reason" in one]:
        more = f"; and {len(skipped) - SHOWN} more" if len(skipped) > SHOWN else ""
        raise StateUnknown(
            f"nothing is known about {len(skipped)} of {len(packages)} packages in {lock.name}",
            why="; ".join(skipped[:SHOWN]) + more,
            fix="run it where pip-audit finds them",
        )
    return AuditResult(lock.name, len(packages))


def _packages(text: str) -> list[dict[str, Any]] | None:
    try:
        packages: list[dict[str, Any]] = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    return packages


def _findings(package: dict[str, Any]) -> list[str]:
    return [
        f"{package['name']} {package['version']}: {one['id']}"
        + (f", fixed in {', '.join(one['fix_versions'])}" if one["fix_versions"] else "")
        for one in package.get("vulns", [])
    ]
