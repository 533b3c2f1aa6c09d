"""SSM Parameter Store: what may be written, who wrote it, and what is read without decryption."""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import Any

from werkzeug.wrappers import Response

from deployer.local import validate
from deployer.local.aws_errors import AwsError
from deployer.local.call import Call
from deployer.local.corrections.wire import Ask, answered, json_bytes, parsed

VALUES = frozenset({"GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory"})
DETAILS = frozenset({"DescribeParameters", "GetParameterHistory"})
CHECKED = VALUES | DETAILS | {"PutParameter", "DeleteParameter", "DeleteParameters"}

# API reference, PutParameter, and the user guide's "Working with parameter names".
LEVELS, LONGEST_ARN = 15, 1011
LARGEST = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}  # bytes
NAME = re.compile(r"[a-zA-Z0-9_.-]+|(/[a-zA-Z0-9_.-]+)+")
SELECTOR = re.compile(r":[a-zA-Z0-9_.-]+$")  # of a version or a label
DEFAULT_KEY = "alias/aws/ssm"  # the only key there is here: KMS is not emulated
NESTED = re.compile(r"\{\{.*\}\}", re.DOTALL)

DESCRIBED = 10  # what DescribeParameters gives without MaxResults
_KEY = secrets.token_bytes(32)  # of this process: a ciphertext tells nothing about its value


class Ssm:
    """Parameter Store. `caller` returns the ARN behind an access key."""

    def __init__(self, caller: Callable[[str], str]) -> None:
        self._caller = caller
        self._lock = threading.Lock()
        self._authors: dict[tuple[str, int], str] = {}
        self._advanced: set[str] = set()
        self._types: dict[str, str] = {}

    def corrected(self, call: Call, body: bytes, ask: Ask) -> Response | AwsError:
        """Return AWS's answer, by correcting moto's. ValidationException for requests that break the API's model."""
        request = parsed(body)
        if request and call.operation in CHECKED:
            wrong = validate.reasons(validate.input_shape("ssm", call.operation), request)
            if wrong:
                return AwsError(400, "ValidationException", "; ".join(wrong))
        path = request.get("Path")
        if call.operation == "GetParametersByPath" and isinstance(path, str) and not path.startswith("/"):
            return _invalid('The parameter path must begin with a forward slash "/".')
        with self._lock:  # moto has none, and of two who create a parameter at once one must fail
            if call.operation == "PutParameter":
                return self._put(call, request, body, ask)
            return self._answer(call.operation, request, body, ask)

    def _answer(self, operation: str, request: dict[str, Any], body: bytes, ask: Ask) -> Response | AwsError:
        if operation == "DescribeParameters":
            ask = _whole_pages(ask, request)
        answer = ask(body)
        document = answered(answer)
        if not isinstance(answer, Response) or document is None:
            return answer
        if operation in {"DeleteParameter", "DeleteParameters"}:
            gone = {_rooted(name) for name in (request.get("Names") or [request.get("Name")])}
            self._advanced -= gone
            self._types = {name: kind for name, kind in self._types.items() if name not in gone}
        if operation == "GetParameters":
            _name_selectors(request.get("Names") or [], document["Parameters"])
        for parameter in document.get("Parameters") or [document.get("Parameter")]:
            if isinstance(parameter, dict):
                self._correct(operation, request, parameter)
        answer.set_data(json.dumps(document))
        return answer

    def _put(self, call: Call, request: dict[str, Any], body: bytes, ask: Ask) -> Response | AwsError:
        if not request:
            return ask(body)
        name = _rooted(request["Name"])
        refusals = (
            *_name_refusals(request["Name"], call.region),
            *_value_refusals(request),
            *_key_refusals(request),
            *_tier_refusals(request, advanced=name in self._advanced),
            *_type_refusals(request, known=self._types.get(name)),
        )
        for refused in refusals:
            return refused
        answer = ask(body)
        if (document := answered(answer)) is not None:
            self._authors[name, document["Version"]] = self._caller(call.access_key)
            self._types[name] = request.get("Type") or self._types.get(name, "String")
            (self._advanced.add if request.get("Tier") == "Advanced" else self._advanced.discard)(name)
        return answer

    def _correct(self, operation: str, request: dict[str, Any], parameter: dict[str, Any]) -> None:
        secure = parameter.get("Type") == "SecureString"
        if operation in VALUES and secure and request.get("WithDecryption") is not True:
            parameter["Value"] = _ciphertext(parameter)
        if operation == "GetParameter" and (selector := SELECTOR.search(request.get("Name") or "")):
            parameter["Selector"] = selector[0]
        if operation in DETAILS:
            author = self._authors.get((_rooted(parameter["Name"]), parameter["Version"]))
            if author:
                parameter["LastModifiedUser"] = author


def _name_selectors(names: list[str], parameters: list[dict[str, Any]]) -> None:
    """Give each parameter the version or label that it was asked for by. Without one, it is the newest version."""
    left = [(_rooted(SELECTOR.sub("", name)), SELECTOR.search(name)) for name in names]
    for parameter in parameters:
        name, version = _rooted(parameter["Name"]), parameter["Version"]
        asked = {selected[0] if selected else "": (of, selected) for of, selected in left if of == name}
        newest = max(other["Version"] for other in parameters if _rooted(other["Name"]) == name)
        labels = [selector for selector in asked if selector and not selector[1:].isdecimal()]
        chosen = next(
            (one for one in (f":{version}", "" if version == newest else None, *labels) if one in asked), None
        )
        if chosen is None:
            continue
        left.remove(asked[chosen])
        if chosen:
            parameter["Selector"] = chosen


def _name_refusals(name: str, region: str) -> Iterator[AwsError]:
    arn = f"arn:aws:ssm:{region}:{0:012}:parameter/{name.removeprefix('/')}"
    if "/" in name and not name.startswith("/"):
        yield _invalid("Parameter name must be a fully qualified name.")
    if not NAME.fullmatch(name):
        yield _invalid(
            "Parameter name: if formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path "
            "can be formed as a mix of letters, numbers and the following 3 symbols .-_"
        )
    if name.count("/") > LEVELS:
        text = f"A parameter hierarchy can have {LEVELS} levels, not {name.count('/')}."
        yield AwsError(400, "HierarchyLevelLimitExceededException", text)
    if len(arn) > LONGEST_ARN:
        yield _invalid(f"The ARN of the parameter would have {len(arn)} characters; {LONGEST_ARN} are the most.")


def _value_refusals(request: dict[str, Any]) -> Iterator[AwsError]:
    """Check a value. Errors do not repeat it."""
    value, pattern, tier = request["Value"], request.get("AllowedPattern"), request.get("Tier") or "Standard"
    if len(value.encode()) > LARGEST[tier]:
        yield _invalid(f"{tier} tier parameters support a maximum parameter value of {LARGEST[tier]} characters.")
    if NESTED.search(value):
        yield _invalid("A parameter value cannot nest another parameter: {{}} is not allowed in it.")
    if pattern:
        try:
            fits = re.search(pattern, value) is not None
        except re.error:
            yield AwsError(400, "InvalidAllowedPatternException", "AllowedPattern is not a valid regular expression.")
        else:
            if not fits:
                text = f"Parameter value, cannot be validated against allowedPattern: {pattern}"
                yield AwsError(400, "ParameterPatternMismatchException", text)


def _key_refusals(request: dict[str, Any]) -> Iterator[AwsError]:
    key = request.get("KeyId")
    if not key:
        return
    if request.get("Type") != "SecureString":
        yield _invalid("KeyId is required for SecureString type parameter only.")
    elif key != DEFAULT_KEY and not key.endswith(f":{DEFAULT_KEY}"):
        yield AwsError(400, "InvalidKeyId", f"The key {key} is not found.")


def _tier_refusals(request: dict[str, Any], *, advanced: bool) -> Iterator[AwsError]:
    """User guide, "Managing parameter tiers": an advanced parameter stays one, and only it has policies."""
    tier = request.get("Tier") or "Standard"
    if advanced and tier == "Standard":
        yield _invalid(
            "You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier."
            " If necessary, delete the advanced parameter and recreate it."
        )
    if tier == "Standard" and request.get("Policies"):
        yield _invalid("Parameter policies are supported for the advanced-parameter tier only.")


def _type_refusals(request: dict[str, Any], *, known: str | None) -> Iterator[AwsError]:
    """Refuse a change of type (API reference, PutParameter, HierarchyTypeMismatchException).

    Unverified: Terraform's acceptance tests overwrite a String with a SecureString and back in real accounts. The
    reference is emulated, because it is the stricter.
    """
    if request.get("Overwrite") is True and known and request.get("Type") not in {None, known}:
        text = "Parameter Store doesn't support changing a parameter type: you must create a new, unique parameter."
        yield AwsError(400, "HierarchyTypeMismatchException", text)


def _invalid(text: str) -> AwsError:
    return AwsError(400, "ValidationException", text)


def _rooted(name: str) -> str:
    """Return the name with a leading slash: `x` and `/x` are one parameter."""
    return f"/{name.removeprefix('/')}"


def _ciphertext(parameter: dict[str, Any]) -> str:
    """Return a ciphertext for a SecureString read without decryption; moto returns the plain text behind a prefix."""
    seed = f"{parameter.get('Name')}:{parameter.get('Version')}".encode()
    return base64.b64encode(b"\x01" + hmac.digest(_KEY, seed, "sha512") * 2).decode()


def _whole_pages(ask: Ask, request: dict[str, Any]) -> Ask:
    """Page DescribeParameters by MaxResults, which moto ignores. Its tokens are positions."""
    size = request.get("MaxResults") or DESCRIBED

    def whole(_: bytes) -> Response | AwsError:
        gathered: list[Any] = []
        token = start = request.get("NextToken") or "0"
        while True:
            answer = ask(json_bytes({**request, "NextToken": token}))
            body = answered(answer)
            if not isinstance(answer, Response) or body is None:
                return answer
            gathered += body["Parameters"]
            token = body.get("NextToken")
            if not token or len(gathered) >= size:
                break
        more = {"NextToken": str(int(start) + size)} if token or len(gathered) > size else {}
        answer.set_data(json.dumps({"Parameters": gathered[:size], **more}))
        return answer

    return whole
