"""The calls of ECS that the deployer makes, and how each of them is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError, PaginationError

from deployer.aws.errors import is_busy
from deployer.targets.ecs_express.refusals import UNDER_WAY

PAUSES: Final = (1.0, 2.0, 4.0, 8.0)  # seconds


class EcsClient(Protocol):
    """The part of botocore's client for ECS that the deployer uses. It has no published types here."""

    def create_express_gateway_service(self, **request: Any) -> dict[str, Any]: ...
    def update_express_gateway_service(self, **request: Any) -> dict[str, Any]: ...
    def describe_express_gateway_service(self, **request: Any) -> dict[str, Any]: ...
    def delete_express_gateway_service(self, **request: Any) -> dict[str, Any]: ...
    def list_service_deployments(self, **request: Any) -> dict[str, Any]: ...
    def describe_service_deployments(self, **request: Any) -> dict[str, Any]: ...
    def describe_service_revisions(self, **request: Any) -> dict[str, Any]: ...
    def describe_services(self, **request: Any) -> dict[str, Any]: ...
    def update_service(self, **request: Any) -> dict[str, Any]: ...
    def describe_clusters(self, **request: Any) -> dict[str, Any]: ...
    def list_tasks(self, **request: Any) -> dict[str, Any]: ...
    def describe_tasks(self, **request: Any) -> dict[str, Any]: ...
    def tag_resource(self, **request: Any) -> dict[str, Any]: ...


def send_once(call: Callable[..., dict[str, Any]], **request: Any) -> dict[str, Any]:
    """Send a call that ECS would carry out twice, repeated only when AWS has refused it for being one of too many.

    Express Mode takes no client token: a repeated Update is a second deployment beside the first.
    """
    for pause in PAUSES:
        try:
            return call(**request)
        except ClientError as error:
            if not is_busy(error):
                raise
            time.sleep(pause)
    return call(**request)


def listed(call: Callable[..., dict[str, Any]], member: str, **request: Any) -> Iterator[Any]:
    """Every element of a list for which botocore has no paginator. Raises PaginationError for a repeated token."""
    tokens: set[str] = set()
    while True:
        page = call(**request)
        yield from page.get(member) or ()
        token = page.get("nextToken")
        if not token:
            return
        if token in tokens:
            raise PaginationError(message=f"the token of a page of {member} is repeated")
        tokens.add(token)
        request["nextToken"] = token


def under_way(call: str, revision: str) -> ClientError:
    """The refusal of a second deployment. Two at once can leave the load balancer without a healthy target."""
    text = f"a deployment is under way, of revision {revision}, and a second one at once is not safe"
    return ClientError(
        {"Error": {"Code": UNDER_WAY, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": 409}},  # type: ignore[typeddict-item]
        call,
    )
