"""Explain errors that botocore raises without an answer of AWS: configuration, credentials, its own installation.

The text of an exception is shown only for classes whose text holds names and paths, never a parameter's value.
"""

from __future__ import annotations

import shlex
from typing import Final, NamedTuple

from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError

from deployer.aws.profile import chosen_profile, login_command
from deployer.errors import DeployerError
from deployer.explain.names import outside


class AwsError(DeployerError):
    """A call that AWS refused or never answered."""


UNREADABLE: Final = "the AWS credentials{named} could not be read from their source"
SOURCE_FIX: Final = "correct the source, until this works: aws sts get-caller-identity{option}"
TEMPORARY_FIX: Final = (
    "run at a terminal, for credentials of limited duration:"
    ' eval "$(aws configure export-credentials --format env{option})" && unset AWS_PROFILE AWS_DEFAULT_PROFILE'
)
_LOGIN = (
    botocore.SSOError,
    botocore.TokenRetrievalError,
    botocore.NoAuthTokenError,
    botocore.LoginError,
)
_CONFIGURATION = (
    botocore.InvalidConfigError,
    botocore.UnknownCredentialError,
    botocore.UnknownTokenProviderError,
    botocore.InvalidDefaultsMode,
    botocore.InvalidRetryConfigurationError,
    botocore.InvalidIMDSEndpointError,
    botocore.InvalidIMDSEndpointModeError,
    botocore.InvalidSTSRegionalEndpointsConfigError,
    botocore.InvalidS3AddressingStyleError,
    botocore.InvalidS3UsEast1RegionalEndpointConfigError,
    botocore.InvalidEndpointDiscoveryConfigurationError,
    botocore.InvalidEndpointConfigurationError,
    botocore.InvalidChecksumConfigError,
    botocore.UnknownSignatureVersionError,
    botocore.UnsupportedSignatureVersionError,
)
_REGION = (
    botocore.NoRegionError,
    botocore.InvalidRegionError,
    botocore.UnknownRegionError,
    botocore.UnknownEndpointError,
    botocore.UnknownFIPSEndpointError,
    botocore.EndpointVariantError,
    botocore.BaseEndpointResolverError,
    botocore.EndpointProviderError,
    botocore.ServiceNotInRegionError,
)
_INSTALLATION = (
    botocore.DataNotFoundError,
    botocore.ApiVersionNotFoundError,
    botocore.UndefinedModelAttributeError,
    botocore.UnknownServiceStyle,
    botocore.UnsupportedServiceProtocolsError,
    botocore.WaiterConfigError,
    botocore.MD5UnavailableError,
    botocore.UnknownClientMethodError,
)
_DAMAGED = (
    botocore.ChecksumError,
    botocore.FlexibleChecksumError,
    botocore.AwsChunkedWrapperError,
    botocore.UnseekableStreamError,
    ResponseParserError,
)


class _Kind(NamedTuple):
    """The explanation of a kind of exception. `{named}` becomes " of profile NAME", `{option}` " --profile NAME"."""

    classes: tuple[type[Exception], ...]
    what: str
    fix: str
    shows_text: bool = True


_KINDS: Final = (
    _Kind(
        _LOGIN, "the AWS login{named} is missing or has expired", "log in, then run again: {login}", shows_text=False
    ),
    _Kind(
        (botocore.NoCredentialsError,),
        "no AWS credentials found{named}",
        "log in, then run again: {login}",
        shows_text=False,
    ),
    _Kind(
        (botocore.PartialCredentialsError,),
        "the AWS credentials{named} are incomplete",
        "give them again: aws configure{option}",
    ),
    _Kind(
        (botocore.RefreshWithMFAUnsupportedError,),
        "the AWS credentials{named} have expired and need a new MFA code",
        "run again at a terminal",
        shows_text=False,
    ),
    _Kind(
        (botocore.CredentialRetrievalError, botocore.MetadataRetrievalError),
        UNREADABLE,
        SOURCE_FIX,
    ),
    _Kind(
        (botocore.MissingDependencyException,),
        "the AWS login{named} needs a package that is not installed",
        TEMPORARY_FIX,
    ),
    _Kind(
        (botocore.ProfileNotFound,),
        "the AWS configuration has no such profile",
        "correct AWS_PROFILE to one that is listed by: aws configure list-profiles",
    ),
    _Kind(
        (botocore.ConfigParseError, botocore.ConfigNotFound),
        "the AWS configuration file cannot be read",
        "correct it: each profile is a line [profile NAME] with lines key = value below; or set AWS_CONFIG_FILE",
    ),
    _Kind(
        (botocore.InvalidProxiesConfigError,),
        "the proxy configuration is not valid",
        "correct the proxy: env | grep -i proxy",
    ),
    _Kind(
        _CONFIGURATION,
        "the AWS configuration{named} is not valid",
        "correct the setting in ~/.aws/config or the environment, until this works:"
        " aws sts get-caller-identity{option}",
    ),
    _Kind(_REGION, "the AWS region or its endpoint is not usable", "correct aws.region in the manifest"),
    _Kind(
        _INSTALLATION,
        "the AWS client library does not fit the deployer: {kind}",
        "install the locked packages again: rm -r .venv && just check",
        shows_text=False,
    ),
    _Kind(_DAMAGED, "an answer of AWS arrived damaged: {kind}", "run again", shows_text=False),
    _Kind(
        (botocore.PaginationError,),
        "AWS's answer repeats a page, so that its list would never end",
        "run again; if it stays, check that nothing changes answers of AWS on their way, and report it",
        shows_text=False,
    ),
    _Kind((botocore.WaiterError,), "AWS did not reach the expected state", "wait a moment, then run again"),
    _Kind((botocore.CapacityNotAvailableError,), "AWS asks for fewer calls", "wait a moment, then run again"),
)


def explain_client(error: BaseException) -> AwsError:
    """The error for a person. Classes outside the list report that the deployer used botocore wrongly."""
    for kind in _KINDS:
        if isinstance(error, kind.classes):
            why = outside(error) if kind.shows_text else ""
            return AwsError(of_profile(kind.what, error), why=why, fix=of_profile(kind.fix, error))
    return AwsError(
        f"a call did not fit AWS's description of it: {type(error).__name__}",
        why="this is a defect in the deployer; the text is left out because it may hold a secret",
        fix="run again with DEPLOYER_TRACEBACK=1 to see where, and report it",
    )


def of_profile(template: str, error: BaseException | None = None) -> str:
    """A text of this module with the name of the chosen profile."""
    profile = chosen_profile()
    return template.format(
        named=f" of profile {outside(profile)}" if profile else "",
        option=f" --profile {shlex.quote(profile)}" if profile else "",
        login=login_command() if "{login}" in template else "",
        kind=type(error).__name__,
    )
