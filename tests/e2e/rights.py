"""In front of the local AWS: only what the policy of a role allows is done."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

from deployer.core.policies.rights import Need, needs
from deployer.local.iam import decide
from deployer.resources.registry import CALLS as OF_KINDS
from deployer.targets.apprunner.rights import CALLS as OF_TARGET
from tests.e2e import accounts, aws
from tests.e2e.accounts import ACCOUNT
from tests.e2e.checkout import Checkout
from tests.e2e.stand_in import stand_in

KEY = f"arn:aws:kms:us-west-2:{ACCOUNT}:alias/aws/ssm"
OF_THE_KEY = {"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}]}


@contextmanager
def as_ci(checkout: Checkout, name: str, role: str) -> Iterator[set[str]]:
    """staging and production lead to an AWS where only what the role's policy allows is done; yields what was not.

    Whoever is not forbidden to decrypt by the policy may do it, as with the key aws/ssm.
    """
    found: Any = aws.iam(checkout).get_role_policy(RoleName=role, PolicyName=f"ansari-whatsapp-{name}")
    with limited(checkout, unconditional(found["PolicyDocument"])) as refused:
        yield refused


@contextmanager
def limited(checkout: Checkout, document: Any) -> Iterator[set[str]]:
    """See `as_ci`, for the rights in a document."""
    refused: set[str] = set()
    lock = threading.Lock()

    def refuses(call: str, body: bytes) -> str:
        if call == "sts:GetCallerIdentity":
            return ""
        given = parameters(call, body)
        decrypts = [Need("kms:Decrypt", (KEY,))] if given.get("WithDecryption") else []
        for need in (*needs(call, given, "us-west-2", ACCOUNT, {**OF_KINDS, **OF_TARGET}), *decrypts):
            for resource in need.resources:
                if not decide([document, OF_THE_KEY], need.action, resource).allows:
                    with lock:
                        refused.add(f"{need.action} on {resource}")
                    return f"User is not authorized to perform: {need.action} on resource: {resource}"
        return ""

    port = f"127.0.0.1:{checkout.ports['4566']}"
    with stand_in(checkout.ports["4566"], refuses=refuses) as other:
        checkout.share_keys(other.port)
        for each in ("staging", "production"):
            accounts.edit(checkout, each, port, f"127.0.0.1:{other.port}")
        try:
            yield refused
        finally:
            for each in ("staging", "production"):
                accounts.edit(checkout, each, f"127.0.0.1:{other.port}", port)


def unconditional(document: Any) -> Any:
    """The condition of iam:PassRole is about which service asks, which a call does not say."""
    return {**document, "Statement": [{k: v for k, v in s.items() if k != "Condition"} for s in document["Statement"]]}


def parameters(call: str, body: bytes) -> dict[str, Any]:
    if call.startswith(("iam:", "sts:")):
        return dict(parse_qsl(body.decode()))
    found: dict[str, Any] = json.loads(body or b"{}")
    return found
