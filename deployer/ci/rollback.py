"""The workflow that rolls back to an earlier release, started by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from deployer.ci import consent
from deployer.ci.steps import changing, choice, credentials, run, summary, workflow
from deployer.ci.text import Value
from deployer.manifest.model import Manifest

_RELEASE: Final = {"RELEASE": "${{ inputs.release }}"}
_TO: Final = 'to=()\nif [ -n "$RELEASE" ]; then to=(--to "$RELEASE"); fi\n'


def rollback_workflow(manifests: Sequence[Manifest]) -> Mapping[str, Value]:
    """Return the workflow. It waits for no tests, because the release was healthy before."""
    release: Mapping[str, Value] = {
        "description": "The number of the release, or its commit; default: the last healthy release",
        "type": "string",
        "required": False,
    }
    on: Mapping[str, Value] = {"workflow_dispatch": {"inputs": {"environment": choice(manifests), "release": release}}}
    jobs: dict[str, Mapping[str, Value]] = {}
    for manifest in manifests:
        name = manifest.environment
        when = f"inputs.environment == '{name}'"
        if manifest.protect.confirm:
            make = f'{_TO}plan --rollback "${{to[@]}}"\n'
            jobs[f"plan-{name}"] = consent.plan(manifest, make, when=when, env=_RELEASE)
            jobs[f"deploy-{name}"] = consent.apply(manifest, "--retry", group="rollback")
        else:
            jobs[f"rollback-{name}"] = _rollback(manifest, when)
    return workflow("Roll back", on, jobs)


def _rollback(manifest: Manifest, when: str) -> Mapping[str, Value]:
    name = manifest.environment
    script = f"""\
{_TO}{{
  ./just deployer plan {name} --rollback "${{to[@]}}" --out "$RUNNER_TEMP/{name}.plan"
  id="$(python3 -c 'import json, sys; print(json.load(sys.stdin)["fingerprint"])' < "$RUNNER_TEMP/{name}.plan")"
  ./just rollback {name} "${{to[@]}}" --approve "$id"
}} 2>&1 | tee "$RUNNER_TEMP/rollback.txt"
"""
    return changing(
        manifest,
        f"Roll {name} back",
        when,
        credentials(manifest),
        run("Roll back", script, env=_RELEASE),
        run("Write the summary", summary(name, "$RUNNER_TEMP/rollback.txt"), if_="always()"),
        group="rollback",
    )
