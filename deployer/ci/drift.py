"""The workflow that looks every morning for what was changed outside the deployer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deployer.ci.steps import RUNNER, credentials, permissions, run, set_up, workflow
from deployer.ci.text import Value
from deployer.manifest.model import Manifest
from deployer.names import plan_environment


def drift(manifests: Sequence[Manifest]) -> Mapping[str, Value]:
    """A run that finds something fails, and its text becomes an issue; one per environment, as long as it is open."""
    on: Mapping[str, Value] = {"schedule": [{"cron": "17 5 * * *"}], "workflow_dispatch": {}}
    return workflow("Drift", on, {one.environment: _look(one) for one in manifests})


def _look(manifest: Manifest) -> Mapping[str, Value]:
    name = manifest.environment
    look = f"""\
code=0
./just drift {name} --detailed-exitcode > "$RUNNER_TEMP/drift.txt" || code=$?
cat "$RUNNER_TEMP/drift.txt"
{{
  echo '## {name}'
  echo
  echo '~~~~text'
  cat "$RUNNER_TEMP/drift.txt"
  echo '~~~~'
}} | tee "$RUNNER_TEMP/drift.md" >> "$GITHUB_STEP_SUMMARY"
if [ "$code" -eq 2 ]; then echo 'found=true' >> "$GITHUB_OUTPUT"; fi
exit "$code"
"""
    tell = f"""\
title='{name} has drifted'
same=".[] | select(.title == \\"$title\\") | .number"
gh issue list --state open --limit 200 --json number,title --jq "$same" > "$RUNNER_TEMP/issues"
number="$(head -n 1 "$RUNNER_TEMP/issues")"
if [ -n "$number" ]; then
  gh api --silent --method PATCH "repos/$GH_REPO/issues/$number" --field "body=@$RUNNER_TEMP/drift.md"
else
  gh issue create --title "$title" --body-file "$RUNNER_TEMP/drift.md"
fi
"""
    return {
        "name": name,
        "runs-on": RUNNER,
        "timeout-minutes": 15,
        "environment": plan_environment(manifest.environment),
        "permissions": {**permissions(manifest), "issues": "write"},
        "steps": [
            *set_up(),
            credentials(manifest),
            run("Look for drift", look, id="look"),
            run(
                "Open an issue, or bring it up to date",
                tell,
                if_="failure() && steps.look.outputs.found",
                env={"GH_TOKEN": "${{ github.token }}", "GH_REPO": "${{ github.repository }}"},
            ),
        ],
    }
