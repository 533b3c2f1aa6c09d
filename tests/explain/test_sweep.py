"""No exception of a library or the system is reported as unknown, and each report has a fix."""

from __future__ import annotations

import errno
import http.client
import inspect
import json
import os
import socket
import ssl
import string
import subprocess
import urllib.error
from collections.abc import Iterator
from email.message import Message
from types import ModuleType

import botocore.exceptions
import botocore.parsers
import httpx
import pytest
import ruamel.yaml
import ruamel.yaml.composer
import ruamel.yaml.constructor
import ruamel.yaml.emitter
import ruamel.yaml.error
import ruamel.yaml.parser
import ruamel.yaml.reader
import ruamel.yaml.representer
import ruamel.yaml.resolver
import ruamel.yaml.scanner
import ruamel.yaml.serializer
import urllib3
import urllib3.exceptions

from deployer import secrecy
from deployer.core.secret import SecretValue
from deployer.explain import defect, explain_error

SENTINEL = "sentinel-of-the-sweep"
YAML = (
    ruamel.yaml.error,
    ruamel.yaml.composer,
    ruamel.yaml.constructor,
    ruamel.yaml.emitter,
    ruamel.yaml.parser,
    ruamel.yaml.reader,
    ruamel.yaml.representer,
    ruamel.yaml.resolver,
    ruamel.yaml.scanner,
    ruamel.yaml.serializer,
)
GENERIC = (
    (),
    (SENTINEL,),
    (SENTINEL, SENTINEL),
    ({"Error": {"Code": "Throttling", "Message": SENTINEL}}, "PutParameter"),
    (SENTINEL, None, SENTINEL),
    (None, SENTINEL, SENTINEL),
    (SENTINEL, 1, 2, SENTINEL, SENTINEL),
    (1, 2, SENTINEL, None),
)


def classes(*modules: ModuleType) -> Iterator[type[Exception]]:
    """The exceptions of the modules. Warnings are not raised."""
    found = {kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)}
    raised = [kind for kind in found if issubclass(kind, Exception) and not issubclass(kind, Warning)]
    own = {module.__name__.partition(".")[0] for module in modules}
    kinds = [one for one in raised if one.__module__.partition(".")[0] in own and not one.__name__.startswith("_")]
    return iter(sorted(kinds, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}"))


def made(kind: type[Exception]) -> Exception:
    """An instance, with texts that hold a secret wherever the class takes one."""
    template = getattr(kind, "fmt", None)
    if isinstance(template, str):
        fields = {name: SENTINEL for _, name, _, _ in string.Formatter().parse(template) if name}
        more: dict[str, object] = {"last_response": {}} if issubclass(kind, botocore.exceptions.WaiterError) else {}
        return kind(**fields, **more)
    if issubclass(kind, httpx.HTTPStatusError):
        request = httpx.Request("PUT", "https://api.github.com/x", content=SENTINEL)
        return kind(SENTINEL, request=request, response=httpx.Response(500, request=request, text=SENTINEL))
    if issubclass(kind, urllib.error.HTTPError):
        return kind("https://x", 500, SENTINEL, Message(), None)
    if issubclass(kind, urllib3.exceptions.InvalidChunkLength):
        return kind(urllib3.HTTPResponse(body=b""), SENTINEL.encode())
    for arguments in GENERIC:
        try:
            return kind(*arguments)
        except (TypeError, AttributeError):
            continue
    raise AssertionError(f"{kind} cannot be made; add arguments for it")


AWS = (botocore.exceptions, botocore.parsers)
LIBRARIES = list(classes(*AWS, httpx, urllib3.exceptions, http.client, urllib.error, ssl, socket, *YAML))


def reported(error: BaseException) -> str:
    """What main() shows, after checks that every report passes."""
    found = explain_error(error)
    assert found is not None, f"{type(error)} is shown as unknown"
    assert found.what
    assert found.fix
    assert "does not know" not in str(found)
    shown = secrecy.hide(str(found))
    assert SENTINEL not in shown
    return shown


@pytest.fixture(autouse=True)
def known_secret() -> Iterator[None]:
    SecretValue(SENTINEL)
    yield
    secrecy.forget()


@pytest.mark.parametrize("kind", LIBRARIES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_class_of_a_library_is_unknown(kind: type[Exception]) -> None:
    reported(made(kind))


def test_the_sweep_finds_classes_of_every_library() -> None:
    roots = {kind.__module__.partition(".")[0] for kind in LIBRARIES}
    assert {"botocore", "httpx", "urllib3", "http", "urllib", "ssl", "ruamel"} <= roots
    assert len(LIBRARIES) > 150


@pytest.mark.parametrize("number", sorted(errno.errorcode), ids=lambda number: errno.errorcode[number])
def test_no_error_number_is_unknown(number: int) -> None:
    assert os.strerror(number) in reported(OSError(number, os.strerror(number), "env/staging.yaml"))
    reported(OSError(number, os.strerror(number)))


@pytest.mark.parametrize(
    "error",
    [
        OSError(),
        OSError(SENTINEL),
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        TimeoutError(),
        ssl.SSLCertVerificationError(1, "certificate verify failed"),
        urllib.error.HTTPError("https://x", 500, SENTINEL, Message(), None),
        urllib.error.URLError(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")),
        subprocess.CalledProcessError(1, ["git", "push", SENTINEL], SENTINEL, SENTINEL),
        subprocess.CalledProcessError(-9, f"git push {SENTINEL}"),
        subprocess.TimeoutExpired(["docker", SENTINEL], 5),
        subprocess.SubprocessError(SENTINEL),
        json.JSONDecodeError("Expecting value", SENTINEL, 0),
        UnicodeEncodeError("ascii", SENTINEL, 0, 1, "ordinal not in range"),
        UnicodeDecodeError("utf-8", SENTINEL.encode(), 0, 1, "invalid start byte"),
        UnicodeError(SENTINEL),
        EOFError(SENTINEL),
        RecursionError(),
        MemoryError(),
        RuntimeError("can't start new thread"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_system_error_is_unknown(error: BaseException) -> None:
    reported(error)


@pytest.mark.parametrize("kind", [KeyError, TypeError, AssertionError, ValueError, AttributeError, RuntimeError])
def test_a_defect_stays_a_defect(kind: type[Exception]) -> None:
    assert explain_error(kind(SENTINEL)) is None
    shown = str(defect(kind(SENTINEL)))
    assert "this is a defect in the deployer" in shown
    assert SENTINEL not in shown


# A value that nobody has remembered: it must not be shown by any class whose text repeats a call's parameter.
UNREMEMBERED = "value-that-nobody-remembers"


@pytest.mark.parametrize(
    "error",
    [
        botocore.exceptions.ParamValidationError(report=UNREMEMBERED),
        botocore.exceptions.ValidationError(value=UNREMEMBERED, param="Value", type_name="string"),
        botocore.exceptions.UnknownKeyError(value=UNREMEMBERED, param="Type", choices="String"),
        botocore.exceptions.RangeError(value=UNREMEMBERED, param="Value", min_value=1, max_value=2),
        botocore.exceptions.ConnectionError(
            error=OSError("@".join((f"proxy http://user:{UNREMEMBERED}", "proxy:3128")))
        ),
        httpx.LocalProtocolError(f"Illegal header value b'Bearer {UNREMEMBERED}'"),
        urllib3.exceptions.HTTPError(UNREMEMBERED),
        ruamel.yaml.error.MarkedYAMLError(UNREMEMBERED, None, UNREMEMBERED),
        OSError(errno.ENAMETOOLONG, "File name too long", UNREMEMBERED * 20),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_value_that_is_not_known_as_a_secret_is_not_shown_either(error: BaseException) -> None:
    assert UNREMEMBERED not in reported(error)
