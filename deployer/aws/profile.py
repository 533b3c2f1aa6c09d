"""The AWS profile of this process, and the command that logs it in."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SSO = ("sso_session", "sso_start_url")


def chosen_profile() -> str:
    """The profile that botocore uses; "" when no variable names one. Botocore asks the variables in this order."""
    return os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE") or ""


def login_command() -> str:
    """The command that renews the login of the chosen profile."""
    name = chosen_profile() or "default"
    profiles = _profiles()
    login = _source(name, profiles)
    verb = "aws login" if "login_session" in profiles.get(login, {}) else "aws sso login"
    return f"{verb} --profile {shlex.quote(login)}" if login != "default" else verb


def _source(name: str, profiles: Mapping[str, Mapping[str, Any]]) -> str:
    """The profile that holds the login: a role's profile may take it from a source profile."""
    seen: list[str] = []
    current = name
    while current not in seen:
        seen.append(current)
        settings = profiles.get(current, {})
        if any(key in settings for key in (*_SSO, "login_session")):
            return current
        current = str(settings.get("source_profile", current))
    return name


def _profiles() -> dict[str, dict[str, Any]]:
    """The profiles of the configuration file; none when it cannot be read."""
    from botocore.configloader import load_config  # noqa: PLC0415 -- for an error only
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    try:
        path = Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()
        profiles: dict[str, dict[str, Any]] = load_config(str(path))["profiles"]
    except (BotoCoreError, OSError, ValueError, RuntimeError):
        return {}
    return profiles
