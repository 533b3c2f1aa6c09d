"""Authorize the calls of an instance: what its role does not allow is refused, as on AWS.

DynamoDB's calls are checked with their resources. Of other services only the action is checked: a role that allows it
on some resource may call it. sts:GetCallerIdentity needs no permission. The world's own key may do everything.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from deployer.local import roles
from deployer.local.aws_errors import AwsError
from deployer.local.dynamodb_actions import needed

if TYPE_CHECKING:
    from deployer.local.call import Call
    from deployer.local.clients import Clients
    from deployer.local.instance_credentials import TemporaryCredentials

READS = ("Get", "List", "Simulate")


class Authorizer:
    """Knows the roles with their policies until an IAM call changes something. Any thread."""

    def __init__(self, clients: Clients, account: str) -> None:
        self._clients = clients
        self._account = account
        self._lock = threading.Lock()
        self._changes = 0
        self._roles: dict[str, roles.Role | None] = {}

    def answered(self, call: Call) -> None:
        """Take note of a call that was answered: IAM may have changed."""
        if call.service == "iam" and not call.operation.startswith(READS):
            with self._lock:
                self._changes += 1
                self._roles.clear()

    def refused(self, issued: TemporaryCredentials, call: Call, body: bytes) -> AwsError | None:
        """Return the error for a call that the role does not allow, or None."""
        if (call.service, call.operation) == ("sts", "GetCallerIdentity"):
            return None
        role = self._role(issued.role)
        if call.service == "dynamodb":
            pairs = needed(call.operation, body, self._account, call.region)
            denied = [
                (action, resource) for action, resource in pairs if role is None or not role.may(action, resource)
            ]
        else:
            action = f"{call.service}:{call.operation}"
            denied = [] if role is not None and role.may_somewhere(action) else [(action, "*")]
        if not denied:
            return None
        action, resource = denied[0]
        query = call.service in {"iam", "sts"}
        return AwsError(
            403 if query else 400,
            "AccessDenied" if query else "AccessDeniedException",
            f"User: {issued.caller} is not authorized to perform: {action} on resource: {resource} "
            f"because no identity-based policy allows the {action} action",
        )

    def _role(self, arn: str) -> roles.Role | None:
        with self._lock:
            if arn in self._roles:
                return self._roles[arn]
            changes = self._changes
        role = roles.find(self._clients.iam, arn)
        with self._lock:
            if changes == self._changes:
                self._roles[arn] = role
        return role
