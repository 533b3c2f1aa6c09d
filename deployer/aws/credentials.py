"""Load AWS credentials, so that every failure of their source names the profile."""

from __future__ import annotations

import getpass
import warnings
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from deployer.aws.client_errors import SOURCE_FIX, TEMPORARY_FIX, UNREADABLE, AwsError, of_profile
from deployer.errors import DeployerError
from deployer.explain.names import outside

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from botocore.session import Session


def load_credentials(session: Session) -> Credentials | None:
    """The credentials of the profile or the environment; None when there are none. Raises AwsError.

    Botocore reads files and runs programs that the profile names, and does not wrap their errors.
    """
    provider = session.get_component("credential_provider").get_provider("assume-role")
    provider._prompter = ask_mfa_code  # noqa: SLF001 -- as the AWS CLI replaces it; botocore has no other way
    try:
        credentials = session.get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()  # a role is assumed and a token file is read only when a key is needed
    except (BotoCoreError, ClientError, DeployerError):
        raise
    except OSError as error:
        raise _unreadable(f"{outside(error.filename or '')}: {error.strerror or type(error).__name__}") from None
    except Exception as error:  # noqa: BLE001 -- such as the JSON of a credential_process; its text may hold a key
        raise _unreadable(f"{type(error).__name__} in what the source returned") from None
    return credentials


def ask_mfa_code(prompt: str) -> str:
    """The MFA code that is typed at the terminal, unseen.

    Raises AwsError without a terminal. Standard input is never read instead: it may hold a secret for another use.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(prompt)
    except (getpass.GetPassWarning, EOFError):
        raise AwsError(
            of_profile("the role{named} needs an MFA code, and there is no terminal to type it at"),
            why="the AWS configuration names an mfa_serial",
            fix=of_profile(TEMPORARY_FIX),
        ) from None


def _unreadable(why: str) -> AwsError:
    return AwsError(of_profile(UNREADABLE), why=why, fix=of_profile(SOURCE_FIX))
