"""Keep secrets out of log lines that are shown: a service may print a secret when it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from deployer import secrecy
from deployer.aws import ssm
from deployer.aws.errors import is_denied
from deployer.aws.session import Session
from deployer.core.desired import Desired


@dataclass
class Scrubber:
    """Log lines without the secrets that this run has written, and without those of SSM once they are read.

    `paths` returns the paths of the environment's secrets.
    """

    session: Session
    paths: Callable[[], Sequence[str]]

    @classmethod
    def of(cls, session: Session, desired: Desired) -> Scrubber:
        """A scrubber for the secrets of a desired state."""
        return cls(session, lambda: [parameter.path for parameter in desired.parameters if parameter.secure])

    @classmethod
    def below(cls, session: Session, path: str) -> Scrubber:
        """A scrubber for every secret below a path, whether or not a manifest names it."""
        return cls(
            session, lambda: [name for name, parameter in ssm.describe(session.ssm, path).items() if parameter.secure]
        )

    def learn(self) -> bool:
        """Read the environment's secrets. False when these credentials may not, so that lines cannot be cleaned."""
        try:
            for batch in ssm.batches(self.paths()):
                ssm.reveal(self.session.ssm, batch)  # from here on they are hidden
        except ClientError as error:
            if not is_denied(error):
                raise
            return False
        return True

    def clean(self, lines: Sequence[str]) -> list[str]:
        """The lines without any known secret, however short."""
        return [secrecy.hide(line, shortest=1) for line in lines]
