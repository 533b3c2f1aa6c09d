"""INBOX_URL: which inbox the service uses, and where it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

SQLITE: Final = "sqlite"
DYNAMODB: Final = "dynamodb"
_TABLE: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")  # Amazon DynamoDB API reference, CreateTable, TableName
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")


@dataclass(frozen=True)
class InFile:
    """`sqlite:///inbox/inbox.sqlite3`, below the working directory, or `sqlite:////data/inbox.sqlite3`."""

    path: str


@dataclass(frozen=True)
class InTable:
    """`dynamodb://TABLE` or `dynamodb://TABLE?region=us-west-2`. A `region` of "" is that of the environment."""

    table: str
    region: str = ""

    def region_in(self, environ: Mapping[str, str]) -> str:
        """The table's region; "" if the environment names none either."""
        return self.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""


def parse(url: str) -> InFile | InTable:
    """Parse INBOX_URL. Raises ValueError, whose text completes a sentence that begins with the variable's name."""
    parts = urlsplit(url)
    if parts.scheme == SQLITE and not parts.netloc and not parts.query and len(parts.path) > 1:
        return InFile(parts.path[1:])
    if parts.scheme == DYNAMODB and parts.path in {"", "/"}:
        query = parse_qs(parts.query)
        region = query.pop("region", [""])[0]
        if not query and _TABLE.fullmatch(parts.netloc) and (not region or _REGION.fullmatch(region)):
            return InTable(parts.netloc, region)
    raise ValueError("has to be sqlite:///PATH or dynamodb://TABLE?region=REGION")
