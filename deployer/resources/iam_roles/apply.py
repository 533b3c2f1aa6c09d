"""Create a role, or write its trust policy and inline policy again."""

from __future__ import annotations

from deployer.aws import iam
from deployer.resources.iam_roles.change import PutRole
from deployer.resources.kind import Applying


def apply_role(change: PutRole, applying: Applying) -> None:
    """Write the trust policy, then the inline policy."""
    role, client = change.role, applying.session.iam
    applying.changed_roles = True
    iam.put_trust(client, role.name, role.trust, create=change.create)
    iam.put_policy(client, role.name, role.policy_name, role.policy)
