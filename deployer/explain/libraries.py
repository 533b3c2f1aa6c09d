"""Errors of HTTP clients, TLS, parsers and subprocesses.

Their texts are left out where they may repeat what was sent or read: both may hold a secret.
"""

from __future__ import annotations

import ssl
import subprocess
from json import JSONDecodeError
from pathlib import PurePath
from typing import Any, Final

from deployer.errors import DeployerError
from deployer.explain.names import class_names, outside

NETWORK_FIX: Final = "check the network and the proxy (env | grep -i proxy), then run again"
CERTIFICATE_FIX: Final = (
    "if a proxy inspects TLS, give its certificates: export SSL_CERT_FILE=FILE AWS_CA_BUNDLE=FILE; else check the clock"
)
_YAML: Final = {
    "ruamel.yaml.error.YAMLError",
    "ruamel.yaml.error.YAMLStreamError",
    "yaml.error.YAMLError",
}
_ADDRESS: Final = {
    "httpx.InvalidURL",
    "httpx.UnsupportedProtocol",
    "http.client.InvalidURL",
    "urllib3.exceptions.LocationValueError",
    "urllib3.exceptions.ProxySchemeUnsupported",
}
_HTTP: Final = {
    "httpx.HTTPError",
    "httpx.StreamError",
    "httpx.CookieConflict",
    "urllib.error.URLError",
    "http.client.HTTPException",
    "urllib3.exceptions.HTTPError",
}


def explain_library(error: BaseException) -> DeployerError | None:
    """The error for a person; None when it is of none of these kinds."""
    names = set(class_names(error))
    if isinstance(error, subprocess.SubprocessError):
        return _subprocess(error)
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or type(error).__name__
        return DeployerError("a TLS connection failed", why=outside(reason), fix=CERTIFICATE_FIX)
    if names & _ADDRESS or _is_bad_proxy(error):
        return DeployerError(
            "an address is not a valid URL",
            why=_kind(error),
            fix="correct the proxy variables (env | grep -i proxy) and the endpoint of the manifest, then run again",
        )
    if names & _HTTP:
        return _http(error)
    if isinstance(error, JSONDecodeError):
        return DeployerError(
            "a file or an answer that should be JSON is not",
            why=f"{error.msg}: line {error.lineno}, column {error.colno}",
            fix="check the file that the command names; if it names none, the network and the proxy, then run again",
        )
    if names & _YAML:
        return DeployerError(
            "a YAML file cannot be read",
            why=f"{_kind(error)}{_mark(error)}",
            fix="correct the file; `just check` shows the line of a manifest",
        )
    return None


def _is_bad_proxy(error: BaseException) -> bool:
    """httpx has no class of its own for a proxy variable that it cannot use."""
    return isinstance(error, ValueError) and str(error).startswith("Unknown scheme for proxy URL")


def _http(error: BaseException) -> DeployerError:
    status = getattr(error, "code", None) or getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return DeployerError("an HTTP request was refused", why=f"the server answered {status}", fix=NETWORK_FIX)
    host = _host(error)
    reason = getattr(error, "reason", None)  # of urllib: an OSError
    cause = reason if isinstance(reason, OSError) else error
    return DeployerError(f"an HTTP request failed{host}", why=_kind(cause), fix=NETWORK_FIX)


def _host(error: BaseException) -> str:
    request: Any = getattr(error, "_request", None)
    host = getattr(getattr(request, "url", None), "host", "")
    return f": {outside(host)}" if host else ""


def _kind(error: BaseException) -> str:
    text = getattr(error, "strerror", None)
    return outside(text) if isinstance(text, str) else type(error).__name__


def _mark(error: BaseException) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""


def _subprocess(error: subprocess.SubprocessError) -> DeployerError:
    """The arguments are left out, and so is the output."""
    command = getattr(error, "cmd", None)
    words = command if isinstance(command, list | tuple) else str(command or "").split()
    program = outside(PurePath(str(words[0])).name) if words else "a program"
    if isinstance(error, subprocess.TimeoutExpired):
        return DeployerError(f"{program} did not end within {error.timeout:g} s", fix="run again")
    if isinstance(error, subprocess.CalledProcessError):
        ended = f"signal {-error.returncode}" if error.returncode < 0 else f"exit code {error.returncode}"
        return DeployerError(f"{program} failed", why=ended, fix=f"run {program} by hand to see why")
    return DeployerError(f"{program} could not be run", why=type(error).__name__, fix=f"check: command -v {program}")
