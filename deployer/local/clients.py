"""botocore clients for the endpoint that the emulators are part of."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config

from deployer.local.models import MODELS
from deployer.world_keys import Keys

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient
    from types_boto3_iam import IAMClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient

# Nothing of the user's own AWS configuration is read: neither a profile nor a file.
NO_CONFIGURATION = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


class Clients:
    """A client per service, created on first use. Safe to use from several threads."""

    def __init__(self, url: str, region: str, keys: Keys) -> None:
        self.region = region
        self.url = url
        self._keys = keys
        self._lock = threading.Lock()
        self._made: dict[str, Any] = {}
        self._session = botocore.session.Session(session_vars=NO_CONFIGURATION)
        self._session.register_component("data_loader", MODELS)

    def load(self) -> None:
        """Make all of them, which takes a moment."""
        for service in ("iam", "ecr", "ssm", "logs"):
            self._client(service)

    def close(self) -> None:
        with self._lock:
            for client in self._made.values():
                client.close()

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._made:
                self._made[service] = self._session.create_client(
                    service,
                    region_name=self.region,
                    endpoint_url=self.url,
                    aws_access_key_id=self._keys.access_key,
                    aws_secret_access_key=self._keys.secret_key,
                    config=Config(retries={"max_attempts": 2}, proxies={}, connect_timeout=5, read_timeout=30),
                )
            return self._made[service]

    @property
    def ecr(self) -> ECRClient:
        return self._client("ecr")  # type: ignore[no-any-return]

    @property
    def iam(self) -> IAMClient:
        return self._client("iam")  # type: ignore[no-any-return]

    @property
    def logs(self) -> CloudWatchLogsClient:
        return self._client("logs")  # type: ignore[no-any-return]

    @property
    def ssm(self) -> SSMClient:
        return self._client("ssm")  # type: ignore[no-any-return]

    @property
    def sts(self) -> STSClient:
        return self._client("sts")  # type: ignore[no-any-return]
