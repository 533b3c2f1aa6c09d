"""What an account needs for an environment, and which other environments use the same roles."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.account.requirements import Requirements, requirements_of
from deployer.core.desired import DesiredImage
from deployer.manifest.load import parse
from deployer.resources.desired import desired_state
from deployer.targets.apprunner.description import APP_RUNNER
from tests.samples import sample_text

STAGING = sample_text("staging")
ACCESS, INSTANCE = "CustomAppRunnerServiceRole", "CustomAppRunnerInstanceRole"
CI = "{kind: oidc, role: ansari-whatsapp-staging-github-actions, managed: true}"
KEYS = "{kind: keys, user: app-runner-github-actions-user}"


def beside(*edits: tuple[str, str], own: tuple[str, str] = ("", "")) -> Requirements:
    """What staging needs when `next` is another environment of its account: staging's manifest after some edits."""
    text = STAGING.replace("environment: staging", "environment: next")
    for old, new in edits:
        assert old in text, f"the edit finds nothing: {old}"
        text = text.replace(old, new)
    assert own[0] in STAGING
    loaded = parse(STAGING.replace(*own).encode() if own[0] else STAGING.encode(), Path("env/staging.yaml"))
    other = parse(text.encode(), Path("env/next.yaml")).manifest
    manifest = loaded.manifest
    assert manifest.github is not None
    image = DesiredImage(manifest.image.repository, "c0ffee", None, 30, here=False)
    return requirements_of(
        manifest, manifest.github, desired_state(loaded, image, APP_RUNNER), "staging.yaml:1", [other]
    )


def shared(found: Requirements) -> set[str]:
    """The uses of the roles that both environments have."""
    assert all(one.shared in {(), ("next",)} for one in found.principals)
    return {one.use for one in found.principals if one.shared}


@pytest.mark.parametrize(
    ("edits", "uses"),
    [
        ([], {"access", "instance", "deploy", "plan"}),
        ([(ACCESS, "Other")], {"instance", "deploy", "plan"}),
        ([(INSTANCE, "Other")], {"access", "deploy", "plan"}),
        ([(CI, CI.replace("staging", "next"))], {"access", "instance"}),
        ([(CI, KEYS)], {"access", "instance"}),
        ([(ACCESS, "Other"), (INSTANCE, ACCESS), (CI, KEYS)], set()),
    ],
    ids=["everything", "another access role", "another instance role", "another role of CI", "keys", "swapped"],
)
def test_roles_of_the_same_name_and_use_are_shared(edits: list[tuple[str, str]], uses: set[str]) -> None:
    assert shared(beside(*edits)) == uses


def test_a_user_is_shared_with_an_environment_that_has_the_same_user() -> None:
    assert shared(beside((CI, KEYS), own=(CI, KEYS))) == {"access", "instance", "deploy"}
    other = KEYS.replace("app-runner", "another")
    assert shared(beside((CI, other), own=(CI, KEYS))) == {"access", "instance"}


def test_the_target_knows_what_follows_from_a_shared_role_of_the_service() -> None:
    """A plan that somebody has to agree to is made after the image, which then has a job of its own."""
    found = beside(own=("confirm: false", "confirm: true"))

    assert {one.use: one.if_shared for one in found.principals} == {
        "access": "pulls the images of both",
        "instance": "can read the parameters of both, secrets too",
        "deploy": "",
        "plan": "",
        "image": "",
    }


def test_images_are_beside_those_of_an_environment_with_the_same_repository() -> None:
    assert beside().beside == ("next",)
    assert beside(("repository: ansari-whatsapp", "repository: other")).beside == ()
