"""The workflow that deploys after the tests have passed: on a push to a branch of the manifests, or by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deployer.ci import consent
from deployer.ci.steps import (
    RUNNER,
    changing,
    choice,
    credentials,
    github,
    held,
    paused,
    permissions,
    run,
    set_up,
    summary,
    workflow,
)
from deployer.ci.tests import branches
from deployer.ci.text import Value
from deployer.manifest.model import Manifest
from deployer.names import image_environment


def deploying_workflow(manifests: Sequence[Manifest]) -> Mapping[str, Value]:
    """Return the workflow. An environment with protect.confirm has two jobs: plan, then apply after the consent."""
    on: Mapping[str, Value] = {
        "push": {"branches": branches(manifests)},
        "workflow_dispatch": {"inputs": {"environment": choice(manifests)}},
    }
    jobs: dict[str, Mapping[str, Value]] = {
        "test": {"name": "Test", "uses": "./.github/workflows/test.yml", "permissions": {"contents": "read"}}
    }
    for manifest in manifests:
        jobs |= _asked(manifest) if manifest.protect.confirm else {f"deploy-{manifest.environment}": _deploy(manifest)}
    return workflow("Deploy", on, jobs)


def deploy_condition(manifest: Manifest) -> str:
    """Return the condition of the environment's job: a push to its branch, or a manual run that names it."""
    push = f"github.event_name == 'push' && github.ref_name == '{github(manifest).branch}'"
    return f"{push} || inputs.environment == '{manifest.environment}'"


def _deploy(manifest: Manifest) -> Mapping[str, Value]:
    name = manifest.environment
    reconcile = f"""\
./just reconcile {name} --build --unless-held 2>&1 | tee "$RUNNER_TEMP/reconcile.txt"
if grep -q '^Not deployed: .* is paused as declared' "$RUNNER_TEMP/reconcile.txt"; then
  echo '{paused(name)}'
elif grep -q '^Not deployed: ' "$RUNNER_TEMP/reconcile.txt"; then
  echo '{held(name)}'
fi
"""
    write_summary = summary(name, "$RUNNER_TEMP/reconcile.txt")
    return changing(
        manifest,
        f"Deploy {name}",
        deploy_condition(manifest),
        credentials(manifest),
        run("Build the image, deploy and probe it", reconcile),
        run("Write the summary", write_summary, if_="always()"),
        needs="test",
    )


def _asked(manifest: Manifest) -> Mapping[str, Mapping[str, Value]]:
    """Return the jobs of an environment with consent. Without `healthy_in`, a job builds the image first."""
    name = manifest.environment
    jobs: dict[str, Mapping[str, Value]] = {}
    needs = "test"
    if manifest.protect.image_apart:
        needs = f"image-{name}"
        jobs[needs] = _image(manifest)
    make = f"""\
tag="$(./just deployer ci tag {name})" && plan --image "$tag"
"""
    planned = consent.plan(manifest, make, when=deploy_condition(manifest), needs=needs)
    return {**jobs, f"plan-{name}": planned, f"deploy-{name}": consent.apply(manifest)}


def _image(manifest: Manifest) -> Mapping[str, Value]:
    name = manifest.environment
    return {
        "name": f"Image of {name}",
        "if": deploy_condition(manifest),
        "needs": ["test"],
        "runs-on": RUNNER,
        "timeout-minutes": 30,
        "environment": image_environment(name),
        "permissions": permissions(manifest),
        "steps": [
            *set_up(),
            credentials(manifest),
            run("Build the image and push it", f"./just deployer image push {name}"),
        ],
    }
