"""Explain AWS errors: the action, AWS's message, and the fix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from botocore import exceptions as botocore

from deployer.aws.answers import UnusableAnswer
from deployer.aws.client_errors import AwsError, explain_client
from deployer.aws.profile import login_command
from deployer.core.policies.rights import Need
from deployer.explain.names import outside

NEEDS: Final = "Needs"  # key of the rights that a failed call needs, in AWS's answer or in botocore's exception
SERVER_ERRORS: Final = frozenset({500, 502, 503, 504})  # the codes that botocore retries
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
# Such as: User: arn:... is not authorized to perform: ssm:PutParameter on resource: arn:... because no ...
_NAMED = re.compile(
    r"not authorized to perform: (?P<action>[a-z0-9-]+:\w+)(?: on resource: (?P<resource>arn:[^\s\"]+))?"
)

# The quotes of a value are not escaped, so that everything from the first to the last of them is cut.
_ECHOED = re.compile(r"(\bvalue:? )'.*' at '([\w.]*value)'", re.IGNORECASE | re.DOTALL)
_SESSION = re.compile(r"(x-amz-security-token[:=]\s*)[^\s&]+", re.IGNORECASE)


def is_denied(error: botocore.ClientError) -> bool:
    """Whether AWS answered that these credentials lack the permission."""
    return error.response.get("Error", {}).get("Code") in DENIED


def is_busy(error: botocore.ClientError) -> bool:
    """Whether AWS asks for fewer calls."""
    code = error.response.get("Error", {}).get("Code", "")
    return "Throttl" in code or code == "TooManyUpdates"


def only(error: botocore.ClientError, *codes: str) -> None:
    """Continue after one of these error codes of AWS; raise every other error again.

    Codes, not the classes that botocore offers: it creates hundreds of them when the first is used.
    """
    if error.response.get("Error", {}).get("Code") not in codes:
        raise error


def is_refusal(error: Exception) -> bool:
    """Whether AWS has certainly done nothing, because it answered with a refusal."""
    if not isinstance(error, botocore.ClientError):
        return False
    return 400 <= error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < 500


def explain(error: BaseException) -> AwsError:
    """The error for a person. Parameters of the call are left out except names: they may hold a secret."""
    if isinstance(error, botocore.ClientError):
        return _refused(error)
    if isinstance(error, botocore.ConnectionError | botocore.HTTPClientError | botocore.IncompleteReadError):
        return _unreachable(error)
    if isinstance(error, UnusableAnswer):
        return _unusable(error)
    return explain_client(error)


def _unusable(error: UnusableAnswer) -> AwsError:
    details: Mapping[str, Any] = error.kwargs
    return AwsError(
        f"AWS's answer to {details['call']} has {details['lacks']}",
        why="the deployer cannot work without it, and does not guess",
        fix="run again; if it stays, check that nothing changes answers of AWS on their way, and report it",
    )


def refused_call(error: botocore.ClientError) -> str:
    """What was refused, such as "iam:GetRole on arn:aws:iam::123456789012:role/x"."""
    return str(_needs(error)[0])


def _unreachable(error: botocore.BotoCoreError) -> AwsError:
    details: Mapping[str, Any] = error.kwargs
    asked = f" for {details[NEEDS][0]}" if details.get(NEEDS) else ""
    fix = "check the network, then run again"
    if isinstance(error, botocore.ProxyConnectionError) or type(error) is botocore.HTTPClientError:
        fix = "correct the proxy (env | grep -i proxy), then run again"
    if isinstance(error, botocore.SSLError):
        fix = "if a proxy inspects TLS, give its certificates: export AWS_CA_BUNDLE=FILE; else check the clock"
    return AwsError(f"AWS could not be reached{asked}", why=outside(error), fix=fix)


def _refused(error: botocore.ClientError) -> AwsError:
    code = error.response.get("Error", {}).get("Code", "unknown")
    message = error.response.get("Error", {}).get("Message", "")
    if _is_failure(error):
        return AwsError(
            f"AWS answered {refused_call(error)} with a server error: {code}, {_tries(error)}",
            why=without_values(message),
            fix="wait until AWS works again, then run again: what was done already is not repeated",
        )
    if code in DENIED:
        fix = _allowing(_needs(error), message)
    elif is_busy(error):
        fix = "AWS asks for fewer calls: wait a moment, then run again"
    elif "Expired" in code:
        fix = f"log in again: {login_command()}"
    else:
        fix = "fix the cause, then run again: what was done already is not repeated"
    return AwsError(f"AWS refused {refused_call(error)}: {code}", why=without_values(message), fix=fix)


def without_values(message: str) -> str:
    """AWS's message without what it repeats of the request: the value of a parameter, and the session's token.

    Validation errors read: Value 'x' at 'value' failed to satisfy constraint. A wrong signature is explained with the
    whole canonical request.
    """
    return _SESSION.sub(r"\1<not shown>", _ECHOED.sub(r"\1'<not shown>' at '\2'", message))


def _is_failure(error: botocore.ClientError) -> bool:
    """Whether AWS itself failed. Not 501: the local AWS answers it for what it does not emulate."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in SERVER_ERRORS


def _tries(error: botocore.ClientError) -> str:
    again = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)
    return f"after {again + 1} tries" if again else "after 1 try"


def _allowing(needed: tuple[Need, ...], message: str) -> str:
    if "explicit deny" in message:
        return f"a policy denies {needed[0].action}, which no Allow outweighs: have that Deny changed, then run again"
    statements = "".join(f"\n       {need.statement}" for need in needed)
    return f"add this to a policy of these credentials, then run again:{statements}"


def _needs(error: botocore.ClientError) -> tuple[Need, ...]:
    """The rights that AWS reports as missing; if it reports none, all that the call needs, its own action first."""
    answer: dict[str, Any] = {**error.response}
    needed: tuple[Need, ...] = answer.get(NEEDS) or (Need(error.operation_name, ("*",)),)
    said = _NAMED.search(answer.get("Error", {}).get("Message") or "")
    if said is None:
        return needed
    known = next((need.resources for need in needed if need.action == said["action"]), ("*",))
    return (Need(said["action"], (said["resource"].rstrip(".,;"),) if said["resource"] else known),)
