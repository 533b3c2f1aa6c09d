"""The routes of variables and of secrets, which are accepted in sealed boxes only.

https://docs.github.com/en/rest/actions/variables and .../secrets
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from werkzeug.wrappers import Request

from deployer.local.github.answers import NOT_FOUND, Answer, document, error, invalid, page
from deployer.local.github.state import Environment, StoredValue, stamp

VALUE_BYTES: Final = 48 * 1024
AT_MOST: Final = 100
_NAME: Final = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*")


def list_variables(request: Request, environment: Environment) -> Answer:
    shown = [_variable(name, one) for name, one in sorted(environment.variables.items())]
    return page(request, "variables", shown, most=30, usual=10)


def show_variable(environment: Environment, name: str) -> Answer:
    one = environment.variables.get(name.upper())
    return NOT_FOUND if one is None else Answer(200, _variable(name.upper(), one))


def create_variable(request: Request, environment: Environment, now: float) -> Answer:
    sent = document(request)
    if sent is None:
        return error(400, "Problems parsing JSON")
    name, value = str(sent.get("name") or "").upper(), sent.get("value")
    if wrong := _wrong(name, value, environment.variables):
        return invalid(wrong)
    if name in environment.variables:
        return error(409, "Already exists - Variable already exists")
    environment.variables[name] = StoredValue(str(value), now, now)
    return Answer(201, {})


def update_variable(request: Request, environment: Environment, name: str, now: float) -> Answer:
    sent = document(request)
    if sent is None:
        return error(400, "Problems parsing JSON")
    one = environment.variables.get(name.upper())
    if one is None:
        return NOT_FOUND
    value, renamed = sent.get("value", one.value), str(sent.get("name") or name).upper()
    if wrong := _wrong(renamed, value, {}):
        return invalid(wrong)
    if renamed != name.upper() and renamed in environment.variables:
        return error(409, "Already exists - Variable already exists")
    del environment.variables[name.upper()]
    environment.variables[renamed] = StoredValue(str(value), one.created, now)
    return Answer(204)


def remove_variable(environment: Environment, name: str) -> Answer:
    return Answer(204) if environment.variables.pop(name.upper(), None) else NOT_FOUND


def show_key(environment: Environment) -> Answer:
    return Answer(200, {"key_id": environment.key_id, "key": environment.public_key})


def list_secrets(request: Request, environment: Environment) -> Answer:
    shown = [_secret(name, one) for name, one in sorted(environment.secrets.items())]
    return page(request, "secrets", shown, most=100, usual=30)


def show_secret(environment: Environment, name: str) -> Answer:
    one = environment.secrets.get(name.upper())
    return NOT_FOUND if one is None else Answer(200, _secret(name.upper(), one))


def put_secret(request: Request, environment: Environment, name: str, now: float) -> Answer:
    """Store a secret: 201 if it is new, 204 if it existed. A box that this environment's key cannot open is refused."""
    sent = document(request)
    if sent is None:
        return error(400, "Problems parsing JSON")
    box, key_id = sent.get("encrypted_value"), sent.get("key_id")
    if not isinstance(box, str) or not isinstance(key_id, str):
        return invalid("encrypted_value and key_id are required")
    if key_id != environment.key_id:
        return invalid("key_id is not that of this environment's public key")
    try:
        value = SealedBox(environment.key).decrypt(base64.b64decode(box, validate=True)).decode()
    except (CryptoError, binascii.Error, ValueError):
        return invalid("encrypted_value was not sealed with this environment's public key")
    if wrong := _wrong(name.upper(), value, environment.secrets):
        return invalid(wrong)
    before = environment.secrets.get(name.upper())
    environment.secrets[name.upper()] = StoredValue(value, before.created if before else now, now)
    return Answer(204) if before else Answer(201, {})


def remove_secret(environment: Environment, name: str) -> Answer:
    return Answer(204) if environment.secrets.pop(name.upper(), None) else NOT_FOUND


def _wrong(name: str, value: object, among: dict[str, StoredValue]) -> str:
    if not _NAME.fullmatch(name):
        return "a name has only letters, digits and _, starts with no digit, and not with GITHUB_"
    if not isinstance(value, str) or not value:
        return "value is missing"
    if len(value.encode()) > VALUE_BYTES:
        return "value is larger than 48 KB"
    if name not in among and len(among) >= AT_MOST:
        return f"there are {AT_MOST} already"
    return ""


def _variable(name: str, one: StoredValue) -> dict[str, str]:
    return {"name": name, "value": one.value, **_times(one)}


def _secret(name: str, one: StoredValue) -> dict[str, str]:
    return {"name": name, **_times(one)}


def _times(one: StoredValue) -> dict[str, str]:
    return {"created_at": stamp(one.created), "updated_at": stamp(one.updated)}
