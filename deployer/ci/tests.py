"""The workflow of the tests: for every push and pull request, and called by the deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from deployer.ci.actions import CACHE, UPLOAD
from deployer.ci.steps import PYTHON, RUNNER, run, set_up, workflow
from deployer.ci.text import Value
from deployer.manifest.model import Manifest

OLDEST: Final = "3.11"

_AUDIT: Final = """\
code=0
./just deployer ci audit | tee "$RUNNER_TEMP/audit.txt" || code=$?
if [ "$code" -eq 6 ]; then
  echo '::notice title=Audit skipped::The database of known vulnerabilities cannot be reached: see the log'
  exit 0
fi
exit "$code"
"""


def tests_workflow(deployed: Sequence[str]) -> Mapping[str, Value]:
    """Return the workflow. `deployed` are branches whose pushes the deployment tests itself."""
    on: Mapping[str, Value] = {
        "push": {"branches-ignore": list(deployed)},
        "pull_request": {},
        "workflow_call": {},
    }
    return workflow("Test", on, {"test": _test(), "audit": _audit()})


def branches(manifests: Sequence[Manifest]) -> list[str]:
    """Return each branch that deploys an environment, once."""
    return list(dict.fromkeys(one.github.branch for one in manifests if one.github))


def _test() -> Mapping[str, Value]:
    python = "${{ matrix.python }}"
    cache: Mapping[str, Value] = {
        "path": ".tools\n~/.cache/uv\n",
        "key": f"tools-${{{{ runner.os }}}}-{python}-${{{{ hashFiles('requirements*.lock') }}}}",
    }
    return {
        "name": f"Python {python}",
        "runs-on": RUNNER,
        "timeout-minutes": 60,
        "permissions": {"contents": "read"},
        "strategy": {"fail-fast": False, "matrix": {"python": [OLDEST, PYTHON]}},
        "steps": [
            *set_up(python=python),
            {"name": "Cache the tools", "uses": CACHE, "with": cache},
            run("Lint, types and tests", ".ci/run"),
        ],
    }


def _audit() -> Mapping[str, Value]:
    bill = '"$RUNNER_TEMP/sbom.json"'
    return {
        "name": "Packages",
        "runs-on": RUNNER,
        "timeout-minutes": 15,
        "permissions": {"contents": "read"},
        "steps": [
            *set_up(),
            run("Install the audit's packages", "./just _sync-dev"),
            run("Check for known vulnerabilities", _AUDIT),
            run("Write the bill of materials", f"./just deployer ci sbom > {bill}"),
            {
                "name": "Upload the bill of materials",
                "uses": UPLOAD,
                "with": {"name": "sbom", "path": "${{ runner.temp }}/sbom.json", "if-no-files-found": "error"},
            },
        ],
    }
