"""The warnings of a plan, as a person reads them."""

from __future__ import annotations

import pytest

from deployer.core.caution import Caution, FailedBefore, NoRelease, Unverified
from deployer.core.unverified import CallRefused, NoSettingsClass, RightsConditional, RightsRefused, SecretsNotRead
from deployer.view.caution_text import text


@pytest.mark.parametrize(
    ("caution", "shown"),
    [
        (NoRelease(), "no release is recorded for this service: changes are shown without saying who made them"),
        (FailedBefore(3, "no answer"), "release 3 was the same and failed (no answer): it is refused without --retry"),
        (FailedBefore(3, ""), "release 3 was the same and failed: it is refused without --retry"),
        (
            Unverified(CallRefused(check="image-platform", refused="ecr:BatchGetImage")),
            "not checked: the image's platform: these credentials may not call ecr:BatchGetImage",
        ),
        (
            Unverified(CallRefused(check="secrets", refused="ssm:GetParameters")),
            "not checked: whether the service accepts its secrets: these credentials may not call ssm:GetParameters",
        ),
        (
            Unverified(CallRefused(check="roles", refused="iam:GetRole")),
            "not checked: the roles: these credentials may not call iam:GetRole",
        ),
        (
            Unverified(RightsRefused(role="Access", refused="iam:SimulatePrincipalPolicy")),
            "not checked: what Access allows: these credentials may not call iam:SimulatePrincipalPolicy",
        ),
        (
            Unverified(RightsConditional(role="Access", keys=("aws:SourceIp", "aws:username"))),
            "not checked: what Access allows: its policy depends on aws:SourceIp, aws:username",
        ),
        (
            Unverified(NoSettingsClass(file="deployer.yaml")),
            "not checked: whether the service accepts its secrets: deployer.yaml names no settings class",
        ),
        (
            Unverified(SecretsNotRead()),
            "not checked: whether the service accepts its secrets: that takes reading them",
        ),
    ],
)
def test_a_warning(caution: Caution, shown: str) -> None:
    assert text(caution) == shown
