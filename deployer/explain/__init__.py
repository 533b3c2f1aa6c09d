"""Turn any exception into an error for a person: what happened, why, and how to fix it.

Classes are recognised by name, so that no library is imported only to explain an error of another one.
"""

from __future__ import annotations

from deployer.errors import DeployerError
from deployer.explain.libraries import explain_library
from deployer.explain.names import class_names
from deployer.explain.system import explain_system

REPORT_IT = "run again with DEPLOYER_TRACEBACK=1 to see where, and report it"


def explain_error(error: BaseException) -> DeployerError | None:
    """The error for a person; None for a defect in the deployer, such as KeyError."""
    if isinstance(error, DeployerError):
        return error
    if any(name.startswith("botocore.") for name in class_names(error)):
        from deployer.aws.errors import explain as explain_aws  # noqa: PLC0415 -- most commands never need it

        return explain_aws(error)
    return explain_library(error) or explain_system(error)


def defect(error: BaseException) -> DeployerError:
    """The error for a defect. The exception's text is left out: it may hold a secret."""
    return DeployerError(
        f"the deployer met an error it does not know: {type(error).__name__}",
        why="this is a defect in the deployer",
        fix=REPORT_IT,
    )
