"""DynamoDB on loopback: the local AWS endpoint in a process of its own, and a table for each test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from botocore.session import Session
from msgspec import Struct

from ansari_whatsapp.inbox.dynamodb.client import Client
from ansari_whatsapp.inbox.dynamodb.inbox import DynamoInbox
from ansari_whatsapp.inbox.dynamodb.table import definition
from deployer.world_keys import read
from tests.ansari_whatsapp.world import ROOT
from tests.torture import ministack

REGION, ACCOUNT = "us-west-2", "000000000000"
INBOX_KEY = "inbox-key-0123456789abcdef"


class Tables(Struct, frozen=True):
    """An AWS endpoint with DynamoDB, and the access keys for it."""

    url: str
    access_key: str
    secret_key: str

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a process that uses it."""
        return {
            "AWS_ENDPOINT_URL_DYNAMODB": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def session(self) -> Session:
        session = Session()
        session.set_credentials(self.access_key, self.secret_key)
        return session

    def boto(self) -> Any:
        return self.session().create_client("dynamodb", region_name=REGION, endpoint_url=self.url)

    def create(self, name: str) -> None:
        """Create a table, and wait until it can be used."""
        client = self.boto()
        client.create_table(**definition(name))
        while client.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
            time.sleep(0.05)

    def items(self, name: str) -> list[dict[str, Any]]:
        """Every item of a table, as it is now."""
        pages = self.boto().get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    def client(self) -> Client:
        return Client(REGION, self.url, self.session())

    def inbox(self, name: str, capacity: int, clock: Callable[[], float]) -> DynamoInbox:
        return DynamoInbox(self.client(), name, INBOX_KEY, capacity, clock, commit_seconds=60)


@contextmanager
def independent(shared: Path | None = None) -> Iterator[Tables]:
    """Another emulation of DynamoDB, to judge ours: that at DYNAMODB_URL, or ministack in an environment of its own.

    The environment is made once in a folder that test processes share, if one is given.
    """
    if url := os.environ.get("DYNAMODB_URL"):
        yield Tables(url, "access", "secret")
        return
    with TemporaryDirectory() as folder:
        python = ministack.install_once(shared or Path(folder))
        with ministack.running(python, Path(folder)) as url:
            yield Tables(url, "access", "secret")


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder that all test processes of this run share."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def local_endpoint() -> Iterator[Tables]:
    """The local world's own endpoint: moto, one request at a time."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.aws.serve", ACCOUNT, REGION, folder]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:  # it ends when its standard input does
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            keys = read(Path(folder) / "keys", url)
            yield Tables(url, keys.access_key, keys.secret_key)
