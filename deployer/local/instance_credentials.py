"""Credentials of instance roles: short-lived, made by the local STS, and given to an instance for its own token.

As on AWS, the instance finds an address and a token in its environment, and an SDK asks there again before the
credentials end: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from werkzeug.wrappers import Response

from deployer.local import roles
from deployer.local.clients import Clients

ROUTE: Final = "/_local/credentials/"
LASTS: Final = 900  # seconds; the shortest that AssumeRole takes
RENEWED_BEFORE: Final = 600.0  # seconds before the end; botocore demands new ones from then on
STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class TemporaryCredentials:
    """Temporary credentials of a role. `expires` is a Unix time."""

    role: str
    session: str
    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    expires: float

    @property
    def caller(self) -> str:
        """Return the ARN of a caller with these credentials."""
        account, name = self.role.split(":")[4], self.role.rpartition("/")[2]
        return f"arn:aws:sts::{account}:assumed-role/{name}/{self.session}"


@dataclass(frozen=True)
class Grant:
    """The right of one instance to its role's credentials: they are at `path` for `token`."""

    role: str
    path: str
    token: str = field(repr=False)


class InstanceCredentials:
    """The credentials of all instances. Any thread. `now` returns the Unix time."""

    def __init__(self, clients: Clients, now: Callable[[], float] = time.time) -> None:
        self._clients = clients
        self._now = now
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self._current: dict[str, TemporaryCredentials] = {}  # by instance
        self._issued: dict[str, TemporaryCredentials] = {}  # by access key

    def grant(self, instance: str, role: str) -> Grant:
        """Let an instance have the credentials of the role with this ARN."""
        grant = Grant(role, ROUTE + instance, secrets.token_urlsafe(32))
        with self._lock:
            self._grants[instance] = grant
        return grant

    def revoke(self, instance: str) -> None:
        """Give an instance no more credentials. Those that it has are valid until they end, as on AWS."""
        with self._lock:
            self._grants.pop(instance, None)
            self._current.pop(instance, None)

    def find(self, access_key: str, token: str) -> TemporaryCredentials | None:
        """Return what was issued with this access key and session token, whether expired or not."""
        issued = self._issued.get(access_key)
        return issued if issued and hmac.compare_digest(issued.token.encode(), token.encode()) else None

    def expired(self, issued: TemporaryCredentials) -> bool:
        return issued.expires <= self._now()

    def serve(self, path: str, authorization: str) -> Response:
        """Answer an SDK of an instance, in the format of the container credentials provider."""
        instance = path.removeprefix(ROUTE)
        grant = self._grants.get(instance)
        if grant is None or not hmac.compare_digest(grant.token.encode(), authorization.encode()):
            return _document(401, {"code": "InvalidAuthorizationToken", "message": "this token is not the instance's"})
        issued = self._for(instance, grant)
        if issued is None:
            message = f"the role {grant.role} does not exist any more"
            return _document(400, {"code": "CredentialsUnavailable", "message": message})
        return _document(
            200,
            {
                "RoleArn": issued.role,
                "AccessKeyId": issued.access_key,
                "SecretAccessKey": issued.secret_key,
                "Token": issued.token,
                "Expiration": datetime.fromtimestamp(issued.expires, UTC).strftime(STAMP),
            },
        )

    def _for(self, instance: str, grant: Grant) -> TemporaryCredentials | None:
        """Return the credentials of an instance, renewed if they end soon; None if the role does not exist."""
        with self._lock:
            current = self._current.get(instance)
        if current and current.expires - self._now() > RENEWED_BEFORE:
            return current
        if roles.find(self._clients.iam, grant.role) is None:
            return None
        made = self._clients.sts.assume_role(RoleArn=grant.role, RoleSessionName=instance, DurationSeconds=LASTS)
        issued = TemporaryCredentials(
            role=grant.role,
            session=instance,
            access_key=made["Credentials"]["AccessKeyId"],
            secret_key=made["Credentials"]["SecretAccessKey"],
            token=made["Credentials"]["SessionToken"],
            expires=self._now() + LASTS,
        )
        with self._lock:
            self._issued[issued.access_key] = issued  # never forgotten: the STS would accept it after its end
            if instance in self._grants:
                self._current[instance] = issued
        return issued


def _document(status: int, body: dict[str, str]) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
