"""Emulate iam:SimulatePrincipalPolicy, which moto lacks, for roles and users.

As the API reference has it, every action is tried on every resource. Conditions are evaluated with ContextEntries.
A key without an entry that would decide is listed as missing: an Allow that needs it does not count, a Deny does.
MatchedStatements are left out.
"""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as Xml

from werkzeug.wrappers import Response

from deployer.local import iam, roles, users, validate
from deployer.local.aws_errors import AwsError
from deployer.local.clients import Clients
from deployer.local.conditions import Context

OPERATION = "SimulatePrincipalPolicy"
KNOWN = frozenset({"PolicySourceArn", "ActionNames", "ResourceArns", "ContextEntries", "MaxItems", "Marker"})
SOURCE = re.compile(r"arn:aws:iam::\d{12}:(?P<kind>role|user)/.+")
PAGE = 100  # API reference, MaxItems
ENTRY = re.compile(r"ContextEntries\.member\.(?P<number>\d+)\.(?P<name>ContextKey\w+)(?:\.member\.\d+)?")
MEMBER = re.compile(r"(?P<name>\w+)(?:\.member\.\d+(?:\.\w+)*)?")


def simulate(clients: Clients, body: bytes) -> Response | AwsError:
    """Answer a request in the query protocol.

    NoSuchEntity for an unknown principal, InvalidInput for an invalid ARN of a role or user or an invalid action, and
    ValidationError for a request that does not fit the API's model.
    """
    request, shape = _request(body), validate.input_shape("iam", OPERATION)
    if beyond := sorted(request.keys() & shape.members.keys() - KNOWN):
        return AwsError(501, "NotEmulated", f"The local {OPERATION} does not emulate {', '.join(beyond)}.")
    if wrong := validate.reasons(shape, request):
        return AwsError(400, "ValidationError", "; ".join(wrong))
    source = request["PolicySourceArn"]
    kind = SOURCE.fullmatch(source)
    if kind is None:
        return AwsError(
            400, "InvalidInput", f"{source} is not the ARN of a role or user; others are not simulated here."
        )
    if strange := [action for action in request["ActionNames"] if ":" not in action]:
        return AwsError(400, "InvalidInput", f"Not the name of an action with its service: {', '.join(strange)}.")
    role = (users.find if kind["kind"] == "user" else roles.find)(clients.iam, source)
    if role is None:
        return AwsError(404, "NoSuchEntity", f"The {kind['kind']} {source} cannot be found.")
    resources = request.get("ResourceArns") or ["*"]
    pairs = [(action, resource) for action in request["ActionNames"] for resource in resources]
    start = request.get("Marker", "0")
    if not start.isdecimal() or int(start) > len(pairs):
        return AwsError(400, "InvalidInput", "Marker is not one that this operation gave.")
    end = int(start) + request.get("MaxItems", PAGE)
    context = Context({entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in request["ContextEntries"]})
    results = [_result(role, context, *pair) for pair in pairs[int(start) : end]]
    return _rendered(results, str(end) if end < len(pairs) else None)


def _request(body: bytes) -> dict[str, Any]:
    """Return the members of the form, lists as lists. Other nested members are reduced to their presence."""
    request: dict[str, Any] = {}
    entries: dict[int, dict[str, Any]] = {}
    for key, value in parse_qsl(body.decode(errors="replace")):
        if entry := ENTRY.fullmatch(key):
            one = entries.setdefault(int(entry["number"]), {"ContextKeyName": "", "ContextKeyValues": []})
            if entry["name"] == "ContextKeyValues":
                one["ContextKeyValues"].append(value)
            else:
                one[entry["name"]] = value
            continue
        name = match["name"] if (match := MEMBER.fullmatch(key)) else key
        if name in {"Action", "Version"}:
            continue
        if ".member." in key:
            request.setdefault(name, []).append(value)
        else:
            request[name] = int(value) if name == "MaxItems" and value.isdecimal() else value
    request["ContextEntries"] = [entries[number] for number in sorted(entries)]
    return request


def _result(role: roles.Role, context: Context, action: str, resource: str) -> Xml.Element:
    decision = iam.decide(role.policies, action, resource, context)
    outcome, unknown, within = decision.outcome, decision.unknown, None
    if role.boundary is not None:
        boundary = iam.decide([role.boundary], action, resource, context)
        unknown |= boundary.unknown
        within = boundary.allows
        if not within and outcome == iam.ALLOWED:
            outcome = boundary.outcome
    result = Xml.Element("member")
    _leaf(result, "EvalActionName", action)
    _leaf(result, "EvalResourceName", resource)
    _leaf(result, "EvalDecision", outcome)
    if resource == "*":
        _details(result, unknown, within)
    else:  # API reference, EvaluationResult: the details of a named resource stand below it
        specific = Xml.SubElement(Xml.SubElement(result, "ResourceSpecificResults"), "member")
        _leaf(specific, "EvalResourceName", resource)
        _leaf(specific, "EvalResourceDecision", outcome)
        _details(specific, unknown, within)
    return result


def _details(parent: Xml.Element, unknown: frozenset[str], within: bool | None) -> None:
    missing = Xml.SubElement(parent, "MissingContextValues")
    for key in sorted(unknown):
        _leaf(missing, "member", key)
    if within is not None:
        detail = Xml.SubElement(parent, "PermissionsBoundaryDecisionDetail")
        _leaf(detail, "AllowedByPermissionsBoundary", str(within).lower())


def _rendered(results: list[Xml.Element], marker: str | None) -> Response:
    answer = Xml.Element(f"{OPERATION}Response", xmlns="https://iam.amazonaws.com/doc/2010-05-08/")
    outcome = Xml.SubElement(answer, f"{OPERATION}Result")
    Xml.SubElement(outcome, "EvaluationResults").extend(results)
    _leaf(outcome, "IsTruncated", "true" if marker else "false")
    if marker:
        _leaf(outcome, "Marker", marker)
    request_id = str(uuid.uuid4())
    _leaf(Xml.SubElement(answer, "ResponseMetadata"), "RequestId", request_id)
    headers = {"x-amzn-RequestId": request_id}
    return Response(Xml.tostring(answer, encoding="unicode"), headers=headers, content_type="text/xml")


def _leaf(parent: Xml.Element, tag: str, text: str) -> None:
    Xml.SubElement(parent, tag).text = text
