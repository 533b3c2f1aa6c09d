"""Convert between parameter names, variable names, parameter paths and parameter ARNs.

A parameter `<path>/backend-server-url` reaches the service as the variable `BACKEND_SERVER_URL`. The two
spellings are a bijection on their domain; whatever lies outside it is refused with a reason, never guessed.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from deployer.errors import UsageError
from deployer.targets.reserved import PREFIXES

NAME_PATTERN: Final = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
VARIABLE_PATTERN: Final = r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*"
REGION_PATTERN: Final = r"[a-z]{2}(-[a-z]+)+-[0-9]"
ACCOUNT_PATTERN: Final = r"[0-9]{12}"
PATH_PATTERN: Final = r"(/[A-Za-z0-9_.-]+)+"

RESERVED_VARIABLES: Final = frozenset({"PORT", "APP_RELEASE"})
RESERVED_PREFIXES: Final = tuple(PREFIXES)

_ARN: Final = (
    rf"arn:aws:ssm:(?P<region>{REGION_PATTERN}):(?P<account>{ACCOUNT_PATTERN}):parameter(?P<path>{PATH_PATTERN})"
)


class BadName(UsageError):
    """A name, path or ARN outside the domain; `why` holds the reason."""


class ParameterArn(NamedTuple):
    """Where one SSM parameter lives: full path, region and account (12 digits)."""

    path: str
    region: str
    account: str

    def __str__(self) -> str:
        return path_to_arn(self.path, self.region, self.account)


def plan_environment(environment: str) -> str:
    """Return the GitHub environment of jobs that only read: no reviewer, and read-only credentials."""
    return f"{environment}-plan"


def image_environment(environment: str) -> str:
    """Return the GitHub environment of the job that builds an image before the consent to its plan."""
    return f"{environment}-image"


def variable(name: str) -> str:
    """`backend-server-url` -> `BACKEND_SERVER_URL`. Raises BadName outside the domain or when reserved."""
    if reason := why_not_a_name(name):
        raise BadName("this is not a parameter name", why=reason, fix="write it like backend-server-url")
    upper = name.upper().replace("-", "_")
    if reason := why_reserved(upper):
        raise BadName(f"{name} would become the variable {upper}", why=reason, fix="choose another name")
    return upper


def parameter(variable_name: str) -> str:
    """`BACKEND_SERVER_URL` -> `backend-server-url`. Raises BadName outside the domain or when reserved."""
    if reason := why_not_a_variable(variable_name):
        raise BadName("this is not a variable name", why=reason, fix="write it like BACKEND_SERVER_URL")
    if reason := why_reserved(variable_name):
        raise BadName(f"{variable_name} cannot be a parameter", why=reason, fix="choose another name")
    return variable_name.lower().replace("_", "-")


def why_reserved(variable_name: str) -> str | None:
    """Return why a manifest may not set a variable, or None.

    `PORT` and some prefixes belong to the target.
    """
    if variable_name == "APP_RELEASE":
        return "the deployer itself sets APP_RELEASE, to the id of the release"
    if variable_name in RESERVED_VARIABLES:
        return f"the target itself sets {variable_name}, from service.port"
    return next((why for prefix, why in PREFIXES.items() if variable_name.startswith(prefix)), None)


def why_not_a_name(name: str) -> str | None:
    """Return why a text is not a valid parameter name, or None. The reason never repeats the text."""
    if re.fullmatch(NAME_PATTERN, name):
        return None
    return _reason(name, letters="small letters", joint="-", wrong_joint="_", first="[a-z]", rest="[a-z0-9-]")


def why_not_a_variable(variable_name: str) -> str | None:
    """Return why a text is not a valid variable name, or None. The reason never repeats the text."""
    if re.fullmatch(VARIABLE_PATTERN, variable_name):
        return None
    return _reason(
        variable_name, letters="capital letters", joint="_", wrong_joint="-", first="[A-Z]", rest="[A-Z0-9_]"
    )


def _reason(text: str, *, letters: str, joint: str, wrong_joint: str, first: str, rest: str) -> str:
    if not text:
        return "it is empty"
    if wrong_joint in text:
        return f"words are joined by '{joint}' here, not by '{wrong_joint}'"
    if not re.fullmatch(f"{rest}+", text):
        return f"only {letters}, digits and '{joint}' between words are allowed"
    if not re.match(first, text):
        return f"it has to start with one of the {letters}"
    return f"'{joint}' is only allowed between words: not at an end, not twice in a row"


def join(parameter_path: str, name: str) -> str:
    """`/app-runtime/app/staging` and `logging-level` -> `/app-runtime/app/staging/logging-level`."""
    _require_path(parameter_path)
    variable(name)
    return f"{parameter_path}/{name}"


def split(path: str) -> tuple[str, str]:
    """`/app-runtime/app/staging/logging-level` -> (`/app-runtime/app/staging`, `logging-level`)."""
    _require_path(path)
    parameter_path, _, name = path.rpartition("/")
    if not parameter_path:
        raise BadName("this parameter lies below no path", why="it has only one level")
    variable(name)
    return parameter_path, name


def variable_or_none(path: str, parameter_path: str) -> str | None:
    """Return the variable of the parameter at a path; None if it is elsewhere or maps to no variable."""
    folder, _, name = path.rpartition("/")
    if folder != parameter_path or why_not_a_name(name):
        return None
    upper = name.upper().replace("-", "_")
    return None if why_reserved(upper) else upper


def path_to_arn(path: str, region: str, account: str) -> str:
    """Return the ARN of a parameter, which a target gets for a secret.

    `path` may end in `/*`, as an IAM policy writes everything below a path.
    """
    _require_path(path.removesuffix("/*"))
    if not re.fullmatch(REGION_PATTERN, region):
        raise BadName("this is not an AWS region", why="a region reads like us-west-2")
    if not re.fullmatch(ACCOUNT_PATTERN, account):
        raise BadName("this is not an AWS account", why="an account is 12 digits")
    return f"arn:aws:ssm:{region}:{account}:parameter{path}"


def arn_to_path(arn: str) -> ParameterArn:
    """Return path, region and account of an ARN. Raises BadName unless it is that of one SSM parameter."""
    match = re.fullmatch(_ARN, arn)
    if match is None:
        raise BadName(
            "this is not the ARN of an SSM parameter",
            why="it has to read arn:aws:ssm:REGION:ACCOUNT:parameter/PATH",
        )
    return ParameterArn(match["path"], match["region"], match["account"])


def ssm_root(parameter_path: str, region: str, account: str) -> str:
    """Return `SSM_ROOT`: the ARN prefix ending in '/', to which a parameter name is appended."""
    _require_path(parameter_path)
    return path_to_arn(parameter_path, region, account) + "/"


def _require_path(path: str) -> None:
    if not re.fullmatch(PATH_PATTERN, path):
        raise BadName(
            "this is not a parameter path",
            why="a path starts with '/', does not end in one, and each level holds only letters, digits, '_.-'",
            fix="write it like /app-runtime/ansari-whatsapp/staging",
        )
