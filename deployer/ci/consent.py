"""Two jobs for an environment that needs consent: the first makes a plan, the second applies exactly that plan.

The second waits for the reviewers of the GitHub environment, who read the plan in the summary of the run. If anything
has changed since, the deployer refuses the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent
from typing import Final

from deployer.ci.actions import DOWNLOAD, UPLOAD
from deployer.ci.steps import (
    RUNNER,
    changing,
    credentials,
    failed_before,
    held,
    no_plan,
    paused,
    permissions,
    run,
    set_up,
    summary,
)
from deployer.ci.text import Value
from deployer.manifest.model import Manifest
from deployer.names import plan_environment

# A plan that is known not to be carried out has a word in place of its id; rollbacks are carried out with --retry.
_ID: Final = (
    "import json, sys; plan = json.load(sys.stdin); "
    'failed = plan["known_bad"] is not None and plan["rollback_to"] is None; '
    'print("held" if plan["held"] else "paused" if plan["postponed"] else "failed-before" if failed'
    ' else plan["fingerprint"])'
)


def plan(
    manifest: Manifest, make: str, *, when: str, needs: str | None = None, env: Mapping[str, str] | None = None
) -> Mapping[str, Value]:
    """Return the job that plans. `make` is a shell script that calls `plan` with its arguments.

    The output `id` is empty, so that no reviewer is asked, if there is nothing to do or the plan would be refused or
    postponed: by a hold, because the same release failed before, or by a declared pause. The summary shows the plan.
    """
    name = manifest.environment
    script = f"""\
code=0
plan() {{
  ./just deployer plan {name} "$@" --markdown --out "$RUNNER_TEMP/{name}.plan" --detailed-exitcode \\
    > "$RUNNER_TEMP/plan.md"
}}
{{
{indent(make.rstrip(), "  ")}
}} 2> "$RUNNER_TEMP/errors.txt" || code=$?
{no_plan(name)}if [ "$code" -eq 2 ]; then
  id="$(python3 -c '{_ID}' < "$RUNNER_TEMP/{name}.plan")"
  if [ "$id" = held ]; then
    echo '{held(name)}'
    id=
  elif [ "$id" = paused ]; then
    echo '{paused(name)}'
    id=
  elif [ "$id" = failed-before ]; then
    echo '{failed_before(name)}'
    exit 4
  fi
  echo "id=$id" >> "$GITHUB_OUTPUT"
else
  exit "$code"
fi
"""
    return {
        "name": f"Plan of {name}",
        "if": when,
        **({"needs": [needs]} if needs else {}),
        "runs-on": RUNNER,
        "timeout-minutes": 15,
        "environment": plan_environment(manifest.environment),
        "permissions": permissions(manifest),
        "outputs": {"id": "${{ steps.plan.outputs.id }}"},
        "steps": [
            *set_up(history=True),
            credentials(manifest),
            run("Make the plan", script, env=env, id="plan"),
            {
                "name": "Upload the plan",
                "if": "steps.plan.outputs.id",
                "uses": UPLOAD,
                "with": {
                    "name": f"plan-{name}",
                    "path": f"${{{{ runner.temp }}}}/{name}.plan",
                    "if-no-files-found": "error",
                    "retention-days": 30,
                },
            },
        ],
    }


def apply(manifest: Manifest, *options: str, group: str = "deploy") -> Mapping[str, Value]:
    """Return the job that applies the plan, after a reviewer has approved it."""
    name = manifest.environment
    words = " ".join(["reconcile", name, *options])
    script = f"""\
./just {words} --plan "$RUNNER_TEMP/{name}.plan" --approve "$PLAN" 2>&1 |
  tee "$RUNNER_TEMP/reconcile.txt"
"""
    asked = f"./just deployer ci consent {name}"
    job = changing(
        manifest,
        f"Deploy {name}",
        f"needs.plan-{name}.outputs.id",
        {"name": "Download the plan", "uses": DOWNLOAD, "with": {"name": f"plan-{name}", "path": "${{ runner.temp }}"}},
        run("Check that reviewers were asked", asked, env={"GITHUB_TOKEN": "${{ github.token }}"}),
        credentials(manifest),
        run("Apply the approved plan", script, env={"PLAN": f"${{{{ needs.plan-{name}.outputs.id }}}}"}),
        run("Write the summary", summary(name, "$RUNNER_TEMP/reconcile.txt"), if_="always()"),
        needs=f"plan-{name}",
        group=group,
    )
    return {**job, "permissions": {**permissions(manifest), "actions": "read"}}
