"""Keep secrets out of log lines that are shown: a service may print what it holds when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from deployer import secrecy
from deployer.aws import ssm
from deployer.aws.errors import is_denied
from deployer.aws.session import Session
from deployer.core.desired import Desired


@dataclass
class Scrubber:
    """Log lines without the secrets this run has written, and without those that SSM holds once they are read."""

    session: Session
    desired: Desired

    def learn(self) -> bool:
        """Read the environment's secrets; False when these credentials may not, so that nobody knows what to hide."""
        paths = [parameter.path for parameter in self.desired.parameters if parameter.secure]
        try:
            for batch in ssm.batches(paths):
                ssm.reveal(self.session.ssm, batch)  # from here on they are hidden
        except ClientError as error:
            if not is_denied(error):
                raise
            return False
        return True

    def clean(self, lines: Sequence[str]) -> list[str]:
        """The lines without any known secret, however short."""
        return [secrecy.hide(line, shortest=1) for line in lines]
