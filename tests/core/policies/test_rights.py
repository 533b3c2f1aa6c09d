"""What single calls need."""

from __future__ import annotations

from deployer.core.policies.rights import Need, needs


def test_a_policy_is_created_under_its_name() -> None:
    found = needs("iam:CreatePolicy", {"PolicyName": "deploys"}, "us-west-2", "123456789012")
    assert found == (Need("iam:CreatePolicy", ("arn:aws:iam::123456789012:policy/deploys",)),)


def test_tags_at_creation_need_a_right_of_their_own() -> None:
    plain = needs("iam:CreateRole", {"RoleName": "runs"}, "us-west-2", "123456789012")
    tagged = needs("iam:CreateRole", {"RoleName": "runs", "Tags": []}, "us-west-2", "123456789012")
    assert [need.action for need in plain] == ["iam:CreateRole"]
    assert [need.action for need in tagged] == ["iam:CreateRole", "iam:TagRole"]
