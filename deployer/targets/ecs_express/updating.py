"""Send updates of a service, each once, and find the deployment that an update has started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from botocore import exceptions as botocore
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from deployer.aws.answers import UnusableAnswer
from deployer.aws.errors import SERVER_ERRORS, only
from deployer.core.service import ServiceSpec
from deployer.errors import StateUnknown
from deployer.targets.ecs_express.client import EcsClient, send_once
from deployer.targets.ecs_express.reading import Reader, ServiceReading
from deployer.targets.ecs_express.rights import CLUSTER
from deployer.targets.ecs_express.rollout import changed_rollout
from deployer.targets.ecs_express.settings import Rollout, of_ecs_express

NO_ANSWER: Final = (
    botocore.ConnectionError,
    botocore.HTTPClientError,
    botocore.IncompleteReadError,
    ResponseParserError,
    UnusableAnswer,
)
# Codes with which a change of the canary may be refused: whether Express Mode allows it is not documented.
ROLLOUT_REFUSED: Final = frozenset(
    {"InvalidParameterException", "ClientException", "UnsupportedFeatureException", "AccessDeniedException"}
)


def is_server_error(error: ClientError) -> bool:
    """Whether AWS itself failed, so that it may have carried out the call."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in SERVER_ERRORS


class Updater:
    """Update services. `client` never repeats a call."""

    def __init__(self, client: EcsClient, reader: Reader) -> None:
        self._client = client
        self._reader = reader

    def send(self, seen: ServiceReading, request: Mapping[str, Any]) -> str:
        """Send an update. Returns the revision that is deployed, also where AWS's answer was lost on its way.

        ECS has carried out the call then, or not: it has when it lists a new deployment.
        """
        arn, known = seen.service["serviceArn"], frozenset(one.arn for one in seen.deployments)
        try:
            answer = send_once(self._client.update_express_gateway_service, serviceArn=arn, **request)
        except (*NO_ANSWER, ClientError) as error:
            failed = isinstance(error, ClientError) and is_server_error(error)
            sent = isinstance(error, NO_ANSWER) and not isinstance(error, EndpointConnectionError)
            revision = self._reader.new_revision(arn, known) if failed or sent else None
            if revision is None:
                raise
            return revision
        return str(answer["service"]["targetConfiguration"]["serviceRevisionArn"])

    def set_rollout(self, arn: str, spec: ServiceSpec) -> None:
        """Write the canary that the manifest names before a deployment, and go on where ECS refuses it.

        It starts no deployment, and holds from the next one on: seen by two teams, and not documented. A refusal may
        be of the share alone, so that the minutes are tried without it.
        """
        rollout = of_ecs_express(spec).rollout
        if rollout is None:
            return
        live = self._reader.plain(arn).get("deploymentConfiguration")
        for tried in dict.fromkeys((rollout, Rollout(bake_minutes=rollout.bake_minutes))):
            changed = changed_rollout(live, tried)
            if changed is None:
                return
            try:
                send_once(self._client.update_service, cluster=CLUSTER, service=arn, deploymentConfiguration=changed)
            except ClientError as error:
                only(error, *ROLLOUT_REFUSED)
            else:
                return

    def listed(self, arn: str, known: frozenset[str]) -> str:
        """The revision of the deployment that was just started. Raises StateUnknown while ECS does not list it."""
        revision = self._reader.new_revision(arn, known)
        if revision is None:
            raise StateUnknown(
                f"ECS does not list the deployment of {arn.rpartition('/')[2]} that was started",
                fix="see what runs in the ECS console, then run again",
            )
        return revision
