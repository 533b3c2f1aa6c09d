"""The policy of jobs that run the code of a pull request: they read one environment and write nothing. Pure."""

from __future__ import annotations

from deployer.account.deploying import statements
from deployer.account.duties import reading
from deployer.core.desired import Desired
from deployer.core.policies.documents import deny, policy


def planning_policy(desired: Desired, source: str | None = None) -> object:
    """The policy for a plan and a drift check. `source` is the service that images are promoted from.

    GetParameters names the secrets too, and would return their values to a caller that asks for them decrypted. The
    default key of SSM, aws/ssm, lets every caller in the account decrypt by way of SSM, without a policy of its own. An
    explicit Deny wins over any Allow, that of a key's policy included, and SSM decrypts with the rights of its caller
    (IAM user guide, "Policy evaluation logic"; KMS developer guide, "AWS managed keys"). So no code of a pull request
    reads a secret.
    """
    return policy(*statements(reading(desired, source), desired), deny(["kms:Decrypt"], "*"))
