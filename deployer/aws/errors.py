"""AWS errors in plain words: the action, what AWS said, and what to do."""

from __future__ import annotations

from botocore import exceptions as botocore

from deployer.errors import DeployerError


class AwsError(DeployerError):
    """A call that AWS refused or never answered."""


DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def is_denied(error: botocore.ClientError) -> bool:
    """Whether AWS answered that these credentials may not do this."""
    return error.response.get("Error", {}).get("Code") in DENIED


def only(error: botocore.ClientError, *codes: str) -> None:
    """Go on after one of these answers of AWS; raises every other error again.

    Codes, not the classes that botocore offers: it makes hundreds of them at the first look at one.
    """
    if error.response.get("Error", {}).get("Code") not in codes:
        raise error


def is_refusal(error: Exception) -> bool:
    """Whether AWS has surely done nothing: it answered, and with a no."""
    if not isinstance(error, botocore.ClientError):
        return False
    return 400 <= error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < 500


def explain(error: botocore.ClientError | botocore.BotoCoreError) -> AwsError:
    """The error for a person. Parameters of the call are left out: they may hold a secret."""
    if isinstance(error, botocore.ClientError):
        return _refused(error)
    if isinstance(error, botocore.NoCredentialsError):
        return AwsError("no AWS credentials found", fix="log in, for example with `aws sso login`, and run again")
    if isinstance(error, botocore.ConnectionError | botocore.HTTPClientError):
        return AwsError("AWS could not be reached", why=str(error), fix="check the network, then run again")
    if isinstance(error, botocore.ParamValidationError):
        return AwsError("a call did not fit AWS's own description of it", fix="this is a defect: please report it")
    return AwsError(f"the AWS client failed: {type(error).__name__}", fix="run again")


def _refused(error: botocore.ClientError) -> AwsError:
    code = error.response.get("Error", {}).get("Code", "unknown")
    message = error.response.get("Error", {}).get("Message", "")
    action = error.operation_name
    if code in DENIED:
        fix = f"allow {action} for these credentials, then run again"
    elif "Throttl" in code or code == "TooManyUpdates":
        fix = "AWS asks for fewer calls: wait a moment, then run again"
    elif "Expired" in code:
        fix = "log in again"
    else:
        fix = "mend the cause, then run again: what was done already is not repeated"
    return AwsError(f"AWS refused {action}: {code}", why=message, fix=fix)
