"""The workflow that checks for drift every morning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deployer.ci.steps import BOT, RUNNER, credentials, permissions, run, set_up, workflow
from deployer.ci.text import Value
from deployer.manifest.model import Manifest
from deployer.names import plan_environment


def drift_workflow(manifests: Sequence[Manifest]) -> Mapping[str, Value]:
    """Return the workflow. A run that finds drift fails and opens one issue per environment; a run without closes it.

    The issue is found by its author and a marker in its text, because people could write the same title.
    """
    on: Mapping[str, Value] = {"schedule": [{"cron": "17 5 * * *"}], "workflow_dispatch": {}}
    return workflow("Drift", on, {one.environment: _look(one) for one in manifests})


def _look(manifest: Manifest) -> Mapping[str, Value]:
    name = manifest.environment
    look = f"""\
code=0
./just drift {name} --detailed-exitcode > "$RUNNER_TEMP/drift.txt" || code=$?
cat "$RUNNER_TEMP/drift.txt"
{{
  echo '<!-- deployer:drift:{name} -->'
  echo '## {name}'
  echo
  echo '~~~~text'
  cat "$RUNNER_TEMP/drift.txt"
  echo '~~~~'
}} | tee "$RUNNER_TEMP/drift.md" >> "$GITHUB_STEP_SUMMARY"
case "$code" in
  0) echo 'drift=none' >> "$GITHUB_OUTPUT" ;;
  2) echo 'drift=found' >> "$GITHUB_OUTPUT" ;;
esac
exit "$code"
"""
    tell = f"""\
marker='<!-- deployer:drift:{name} -->'
author='.[] | select(.pull_request == null) | select(.user.login == "{BOT}")'
mine="$author | select(.body // \\"\\" | startswith(\\"$marker\\")) | .number"
gh api --paginate "repos/$GH_REPO/issues?state=open&per_page=100" --jq "$mine" > "$RUNNER_TEMP/issues"
if [ "$DRIFT" = none ]; then
  while read -r number; do
    gh api --silent "repos/$GH_REPO/issues/$number/comments" --field 'body=The drift is gone.'
    gh api --silent --method PATCH "repos/$GH_REPO/issues/$number" --field state=closed
  done < "$RUNNER_TEMP/issues"
  exit 0
fi
number="$(head -n 1 "$RUNNER_TEMP/issues")"
if [ -n "$number" ]; then
  gh api --silent --method PATCH "repos/$GH_REPO/issues/$number" --field "body=@$RUNNER_TEMP/drift.md"
else
  gh issue create --title '{name} has drifted' --body-file "$RUNNER_TEMP/drift.md"
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
            run("Check for drift", look, id="look"),
            run(
                "Open, update or close the issue",
                tell,
                if_="always() && steps.look.outputs.drift",
                env={
                    "DRIFT": "${{ steps.look.outputs.drift }}",
                    "GH_TOKEN": "${{ github.token }}",
                    "GH_REPO": "${{ github.repository }}",
                },
            ),
        ],
    }
