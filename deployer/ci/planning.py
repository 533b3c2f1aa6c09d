"""The workflow that comments a pull request with a plan per environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from deployer.ci.actions import DOWNLOAD, UPLOAD
from deployer.ci.steps import BOT, RUNNER, credentials, no_plan, permissions, run, set_up, workflow
from deployer.ci.text import Value
from deployer.manifest.model import Manifest
from deployer.names import plan_environment

_OURS: Final = "github.event.pull_request.head.repo.full_name == github.repository"
_THEIRS: Final = "github.event.pull_request.head.repo.full_name != github.repository"

_FORK: Final = """\
echo 'No plan: the pull request comes from a fork, and its code gets no credentials.' >> "$GITHUB_STEP_SUMMARY"
"""


def planning_workflow(manifests: Sequence[Manifest]) -> Mapping[str, Value]:
    """Return the workflow. It runs on `pull_request`, never `pull_request_target`: foreign code gets no credentials.

    The job that runs the pull request's code can only read AWS. The job that writes the comment runs none of that code.
    """
    on: Mapping[str, Value] = {"pull_request": {"paths": ["env/**"]}}
    jobs: dict[str, Mapping[str, Value]] = {"fork": _fork()}
    for manifest in manifests:
        jobs[f"plan-{manifest.environment}"] = _plan(manifest)
        jobs[f"comment-{manifest.environment}"] = _comment(manifest.environment)
    return workflow("Plan", on, jobs)


def _fork() -> Mapping[str, Value]:
    return {
        "name": "Why there is no plan",
        "if": _THEIRS,
        "runs-on": RUNNER,
        "timeout-minutes": 5,
        "permissions": {},
        "steps": [run("Say why", _FORK)],
    }


def _plan(manifest: Manifest) -> Mapping[str, Value]:
    name = manifest.environment
    script = f"""\
code=0
{{
  tag="$(./just deployer ci tag {name} --running)" &&
    ./just deployer plan {name} --image "$tag" --markdown > "$RUNNER_TEMP/plan.md"
}} 2> "$RUNNER_TEMP/errors.txt" || code=$?
{no_plan(name)}exit "$code"
"""
    return {
        "name": f"Plan of {name}",
        "if": _OURS,
        "runs-on": RUNNER,
        "timeout-minutes": 15,
        "environment": plan_environment(manifest.environment),
        "permissions": permissions(manifest),
        "steps": [
            *set_up(),
            credentials(manifest),
            run("Make the plan", script),
            {
                "name": "Upload the plan",
                "if": "always()",
                "uses": UPLOAD,
                "with": {
                    "name": f"comment-{name}",
                    "path": "${{ runner.temp }}/plan.md",
                    "if-no-files-found": "ignore",
                    "retention-days": 1,
                },
            },
        ],
    }


def _comment(name: str) -> Mapping[str, Value]:
    script = f"""\
marker='<!-- plan of {name} -->'
{{
  echo "$marker"
  head -c 60000 "$RUNNER_TEMP/plan.md" | iconv -c -f utf-8 -t utf-8
}} > "$RUNNER_TEMP/comment.md"
mine=".[] | select(.user.login == \\"{BOT}\\") | select(.body | startswith(\\"$marker\\")) | .id"
gh api --paginate "repos/$GH_REPO/issues/$PULL_REQUEST/comments" --jq "$mine" > "$RUNNER_TEMP/ids"
id="$(head -n 1 "$RUNNER_TEMP/ids")"
if [ -n "$id" ]; then
  gh api --silent --method PATCH "repos/$GH_REPO/issues/comments/$id" --field "body=@$RUNNER_TEMP/comment.md"
else
  gh api --silent "repos/$GH_REPO/issues/$PULL_REQUEST/comments" --field "body=@$RUNNER_TEMP/comment.md"
fi
"""
    env = {
        "GH_TOKEN": "${{ github.token }}",
        "GH_REPO": "${{ github.repository }}",
        "PULL_REQUEST": "${{ github.event.pull_request.number }}",
    }
    return {
        "name": f"Comment on {name}",
        "if": f"always() && {_OURS} && needs.plan-{name}.result != 'cancelled'",
        "needs": [f"plan-{name}"],
        "runs-on": RUNNER,
        "timeout-minutes": 5,
        "permissions": {"pull-requests": "write"},
        "steps": [
            {
                "name": "Download the plan",
                "uses": DOWNLOAD,
                "with": {"name": f"comment-{name}", "path": "${{ runner.temp }}"},
            },
            run("Write or update the comment", script, env=env),
        ],
    }
