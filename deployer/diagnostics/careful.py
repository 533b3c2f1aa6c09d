"""Turn the error of a check into a finding, so that it does not stop the other checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from botocore.exceptions import BotoCoreError, ClientError

from deployer.aws.errors import explain
from deployer.core.diagnosis import failed
from deployer.core.finding import CheckBroken, Finding
from deployer.errors import DeployerError


def run_carefully(about: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """The findings of a check until it failed, and its failure as a finding."""
    findings: list[Finding] = []
    try:
        findings.extend(look())
    except (ClientError, BotoCoreError) as error:
        findings.append(failed(about, explain(error)))
    except DeployerError as error:
        findings.append(failed(about, error))
    except Exception as error:  # noqa: BLE001 -- the other looks are still worth taking
        findings.append(CheckBroken(about=about, error=type(error).__name__))
    return findings
