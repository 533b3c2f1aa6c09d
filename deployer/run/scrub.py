"""Keep secrets out of log lines that are shown: a service may print what it holds when it fails."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from botocore.exceptions import ClientError

from deployer.aws import ssm
from deployer.aws.errors import is_denied
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.secret import SecretValue


@dataclass
class Scrubber:
    """Knows the secrets this run has written, and learns those that SSM holds when lines are to be shown."""

    session: Session
    desired: Desired
    made: list[SecretValue] = field(default_factory=list)

    def learn(self) -> bool:
        """Read the environment's secrets; False when these credentials may not, so that nobody knows what to hide."""
        paths = [parameter.path for parameter in self.desired.parameters if parameter.secure]
        try:
            for batch in ssm.batches(paths):
                self.made += ssm.reveal(self.session.ssm, batch).values()
        except ClientError as error:
            if not is_denied(error):
                raise
            return False
        return True

    def clean(self, lines: Sequence[str]) -> list[str]:
        """The lines without any known secret, as it is or as JSON and addresses write it."""
        spellings = {text for value in self.made for text in _spellings(value.reveal())}
        longest_first = sorted(spellings, key=len, reverse=True)
        return [_without(line, longest_first) for line in lines]


def _spellings(value: str) -> set[str]:
    return {value, json.dumps(value)[1:-1], repr(value)[1:-1], quote(value, safe=""), quote(value)}


def _without(line: str, spellings: Sequence[str]) -> str:
    for text in spellings:
        line = line.replace(text, "<secret>")
    return line
