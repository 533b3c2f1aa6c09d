"""Open AWS clients for the endpoint and the account that the manifest names, and refuse any other."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserError

from deployer import partial, secrecy
from deployer.aws import answers, errors, ledger
from deployer.aws.credentials import load_credentials
from deployer.aws.fence import Fence, writes
from deployer.aws.models import Models
from deployer.core.policies import rights
from deployer.errors import DeployerError, Refused
from deployer.world_keys import NONE, Keys, read

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from types_boto3_ecr import ECRClient
    from types_boto3_iam import IAMClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient

ATTEMPTS: Final = 7  # to send a call that AWS did not answer, or answered with a server error


@dataclass(frozen=True)
class Session:
    """Clients for one account and region. `endpoint` is the local AWS, or None for the real one.

    `keys` is the directory with the keys of the local world; real credentials are never read for it.
    The clients come from boto3, over a botocore session that finds the services' descriptions quickly.
    `calls` counts what was asked of AWS, such as "ssm:PutParameter". While a lock is held, `fence` stops each write
    of these clients that cannot prove it; only the lock's own client is outside.
    """

    account: str
    region: str
    endpoint: str | None
    keys: Path | None = None
    calls: Counter[str] = field(default_factory=Counter, compare=False)
    fence: Fence = field(default_factory=Fence, compare=False)
    _calls: dict[str, tuple[rights.Right, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)
    _clients: dict[tuple[str, int], Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    _read: dict[str, tuple[str, ...]] = field(default_factory=answers.READ.copy, init=False, compare=False, repr=False)

    def check(self) -> str:
        """Make sure these credentials belong to the account of the manifest; returns the caller's ARN.

        Raises Refused for any other account, before anything else is read.
        """
        caller = self.sts.get_caller_identity()
        if caller["Account"] != self.account:
            raise Refused(
                f"these credentials belong to account {caller['Account']}, the manifest names {self.account}",
                why="a deployment to the wrong account cannot be undone",
                fix="use the credentials of the manifest's account, or correct aws.account in the manifest",
            )
        return caller["Arn"]

    def credentials(self) -> str | None:
        """The source of the credentials, such as "env" or "sso"; None when there are none. They are never shown."""
        if self.endpoint:
            return "keys of the local world"
        loaded = load_credentials(self._botocore)
        return loaded.method if loaded else None

    def credential_variables(self, service: str) -> dict[str, str]:
        """The credentials and the endpoint of a service as environment variables, for a command of this process.

        Files of the AWS configuration are hidden from the command. The values are hidden in all later output.
        """
        local = self.world_keys()
        loaded = None if local else load_credentials(self._botocore)
        keys = loaded.get_frozen_credentials() if loaded else None
        values = {
            "AWS_ACCESS_KEY_ID": local.access_key if local else keys and keys.access_key,
            "AWS_SECRET_ACCESS_KEY": local.secret_key if local else keys and keys.secret_key,
            "AWS_SESSION_TOKEN": keys and keys.token,
            f"AWS_ENDPOINT_URL_{service.upper()}": self.endpoint,
            "AWS_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        variables = {name: value for name, value in values.items() if value}
        secrecy.remember_environment(variables)
        return variables

    def world_keys(self) -> Keys | None:
        """The keys of the local world; None for the real AWS."""
        if self.endpoint is None:
            return None
        return read(self.keys, self.endpoint) if self.keys else NONE

    def regions(self, service: str) -> list[str]:
        """The regions where a service is offered, as far as this botocore knows."""
        return self._boto3.get_available_regions(service)

    def _client(self, service: str, *, fenced: bool = True, attempts: int = ATTEMPTS) -> Any:
        if self.endpoint is None:
            _refuse_redirection(service)
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=16,
            user_agent_extra=f"ansari-deployer md/pid#{os.getpid()}",  # CloudTrail shows the run
        )
        local = self.world_keys()
        if local is None:
            load_credentials(self._botocore)
        make: Any = self._boto3.client  # typed by the literal name of each service
        client = make(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            config=config,
            aws_access_key_id=local.access_key if local else None,
            aws_secret_access_key=local.secret_key if local else None,
        )
        _refuse_stranger(client.meta.endpoint_url, self.endpoint)
        if fenced:
            client.meta.events.register("before-send", self.fence.before_send)
            client.meta.events.register_first("after-call", _note_answered)  # first, because a later handler may raise
            client.meta.events.register("after-call-error", _note_unanswered)
        client.meta.events.register_first("after-call", _refuse_damaged)
        return client

    @cached_property
    def _boto3(self) -> boto3.Session:
        return boto3.Session(botocore_session=self._botocore)

    @cached_property
    def _botocore(self) -> botocore.session.Session:
        session = botocore.session.get_session()
        session.register_component("data_loader", Models())
        session.register("before-call", self._count)
        session.register("before-parameter-build", self._remember)
        session.register("after-call", _tell_refused)
        session.register("after-call", self._check_answer)
        session.register("after-call-error", _tell_unanswered)
        return session

    def _count(self, **event: Any) -> None:
        self.calls[_call(event["model"])] += 1

    def _remember(self, **event: Any) -> None:
        """Keep what each call needs, so that its error can name it: the call's parameters may hold a secret."""
        call, added = _call(event["model"]), self._calls
        event["context"][errors.NEEDS] = rights.needs(call, event["params"], self.region, self.account, added)

    def _check_answer(self, **event: Any) -> None:
        if event["http_response"].status_code < 300:
            answers.check(_call(event["model"]), event["parsed"], self._read)

    @cached_property
    def sts(self) -> STSClient:
        return self._client("sts")  # type: ignore[no-any-return]

    @cached_property
    def ssm(self) -> SSMClient:
        return self._client("ssm")  # type: ignore[no-any-return]

    @cached_property
    def lock_ssm(self) -> SSMClient:
        """The client that reads and writes the lock itself, outside the fence."""
        return self._client("ssm", fenced=False)  # type: ignore[no-any-return]

    @cached_property
    def ecr(self) -> ECRClient:
        return self._client("ecr")  # type: ignore[no-any-return]

    @cached_property
    def iam(self) -> IAMClient:
        return self._client("iam")  # type: ignore[no-any-return]

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        return self._client("logs")  # type: ignore[no-any-return]

    def client(
        self,
        service: str,
        calls: Mapping[str, tuple[rights.Right, ...]],
        read: Mapping[str, tuple[str, ...]],
        *,
        attempts: int = ATTEMPTS,
    ) -> Any:
        """The client of a service that only a target or one kind of resource uses; the same for every caller.

        `calls` are the rights that each call needs, `read` is as in READ. With 1 as `attempts`, no call is repeated:
        for those that AWS would carry out twice.
        """
        self._calls.update(calls)
        self._read.update(read)
        if (service, attempts) not in self._clients:
            self._clients[service, attempts] = self._client(service, attempts=attempts)
        return self._clients[service, attempts]


def _call(model: OperationModel) -> str:
    return f"{model.service_model.signing_name}:{model.name}"


def _tell_refused(**event: Any) -> None:
    if event["http_response"].status_code >= 300:
        event["parsed"][errors.NEEDS] = event["context"].get(errors.NEEDS, ())


def _tell_unanswered(**event: Any) -> None:
    error = event["exception"]
    if isinstance(error, BotoCoreError):
        error.kwargs = {**error.kwargs, errors.NEEDS: event["context"].get(errors.NEEDS, ())}


def _note_answered(**event: Any) -> None:
    """Note that a write was made, unless AWS answered with a refusal."""
    if not 400 <= event["http_response"].status_code < 500:
        _note(event)


def _note_unanswered(**event: Any) -> None:
    """Note that a write may have been made: its answer was lost or damaged. A fenced write was never sent."""
    if not isinstance(event["exception"], DeployerError):
        _note(event)


def _refuse_damaged(**event: Any) -> None:
    """Raise ResponseParserError for a proxy's page or half an answer, which botocore takes for an empty answer."""
    answer, body = event["http_response"], event["http_response"].content.strip()
    is_json = event["model"].service_model.metadata["protocol"] == "json"
    if is_json and answer.status_code < 300 and body and not (body.startswith(b"{") and body.endswith(b"}")):
        raise ResponseParserError("the answer is not a JSON object")


def _note(event: Mapping[str, Any]) -> None:
    """Note a write. The record of an intended release is left out: it changes nothing by itself."""
    _, _, operation = event["event_name"].split(".")
    [need, *_] = event["context"][errors.NEEDS]
    if writes(operation) and not any(ledger.is_intention(resource) for resource in need.resources):
        partial.note(need.action)


def _refuse_redirection(service: str) -> None:
    for name in ("AWS_ENDPOINT_URL", f"AWS_ENDPOINT_URL_{service.upper()}"):
        if os.environ.get(name):
            raise Refused(
                f"{name} is set, but this manifest names no endpoint",
                why="half of a deployment could go to one AWS and half to another",
                fix=f"unset {name}, or name the endpoint as aws.endpoint in the manifest",
            )


def _refuse_stranger(url: str, endpoint: str | None) -> None:
    """Refuse an endpoint that the manifest does not name, whatever a profile or variable sets."""
    host = urlsplit(url).hostname or ""
    right = url == endpoint if endpoint else host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    if not right:
        raise Refused(
            f"the AWS configuration leads to {host}, which the manifest does not name",
            fix="remove endpoint_url from the AWS profile, or name it as aws.endpoint in the manifest",
        )
