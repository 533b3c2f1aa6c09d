"""`deployer secret set|generate|rotate|unset ENV NAME`: change a secret. The next reconcile deploys it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from botocore.exceptions import ClientError

from deployer import names
from deployer.aws import ssm
from deployer.aws.errors import is_denied
from deployer.core.secret import SecretValue
from deployer.environment.holds import refuse_incident
from deployer.environment.open import open_session
from deployer.environment.other_manifests import refuse_shared
from deployer.environment.secret_parameter import Place, checked, refuse_unusable
from deployer.errors import Refused, UsageError
from deployer.manifest.load import Loaded

Read = Callable[[str], str]


def put(loaded: Loaded, name: str, read: Read) -> str:
    """Read the value with `read(prompt)` and write it as a new version, unless it is unchanged. Returns a message."""
    place = Place.open(loaded, name)
    value = checked(read(f"{place.name}: "))
    found = place.found()
    if found is not None and found.secure and _holds(place, value):
        return f"{place.name} has this value already (version {found.version}); nothing was written."
    return _written(place, value, "set")


def _holds(place: Place, value: SecretValue) -> bool:
    """Whether the secret has this value; False for credentials that may write secrets but not read them."""
    try:
        return ssm.reveal(place.session.ssm, [place.path]).get(place.path) == value
    except ClientError as error:
        if not is_denied(error):
            raise
        return False


def generate(loaded: Loaded, name: str) -> str:
    """Generate a secret of as many random bytes as the manifest asks for. Raises UsageError if it exists."""
    place = Place.open(loaded, name)
    size = _size(place)
    if found := place.found():
        raise UsageError(
            f"{place.name} is there already (version {found.version}); nothing was changed",
            fix=f"just secret rotate {loaded.manifest.environment} {place.name}",
        )
    return _written(place, SecretValue(secrets.token_urlsafe(size)), "made")


def rotate(loaded: Loaded, name: str, read: Read, *, given: bool) -> str:
    """Replace an existing secret: by new random bytes if the manifest gives their number, else by a value that is read.

    `given` means that the new value was named on the command line, so that it is read in any case.
    """
    place = Place.open(loaded, name)
    found = place.found()
    if found is None:
        raise UsageError(
            f"{place.name} has no value that could be replaced",
            fix=f"just secret set {loaded.manifest.environment} {place.name}",
        )
    if place.secret.generate and not given:
        value = SecretValue(secrets.token_urlsafe(place.secret.generate))
    else:
        value = checked(read(f"new {place.name}: "))
        if ssm.reveal(place.session.ssm, [place.path]).get(place.path) == value:
            raise UsageError("it already has this value; nothing was changed")
    return _written(place, value, "replaced")


def unset(loaded: Loaded, name: str, *, ask: Read | None, approve: str | None) -> str:
    """Delete a secret with its history, after its name was typed. The manifest need not name it any more.

    Raises Refused without that, and UsageError when it does not exist or lacks the deployer's tag.
    """
    name = name if names.why_not_a_variable(name) else names.parameter(name)
    if reason := names.why_not_a_name(name):
        raise UsageError("this is not a secret's name", why=reason, fix="write it like meta-app-secret")
    aws = loaded.manifest.aws
    refuse_shared(loaded)
    session, _ = open_session(loaded)
    refuse_incident(session, loaded.manifest.app, loaded.manifest.environment)
    path = names.join(aws.parameter_path, name)
    found = ssm.describe(session.ssm, aws.parameter_path).get(path)
    if found is None or not found.secure:
        raise UsageError(
            f"no secret of this name is below {aws.parameter_path}",
            fix=f"just secret list {loaded.manifest.environment}",
        )
    if not ssm.carries_tag(session.ssm, path):
        raise UsageError(
            f"{path} was not created by the deployer, which leaves it alone", fix="delete it in AWS yourself"
        )
    told = f"{path} (version {found.version}) goes with all its versions, and no rollback can bring it back"
    if name in loaded.manifest.variables:
        told += f".\n{loaded.path} names it: the service cannot start until it is set again"
    typed = approve if approve is not None else ask(f"{told}.\nType {name} to delete it: ").strip() if ask else None
    if typed != name:
        fix = f"--approve {name} confirms it where there is no terminal" if typed is None else "nothing was changed"
        raise Refused(f"{name} was not deleted", why=told if typed is None else "its name was not typed", fix=fix)
    ssm.delete(session.ssm, path)
    return f"{name} is deleted."


def _size(place: Place) -> int:
    if place.secret.generate is None:
        at = place.loaded.where("variables", place.name)
        raise UsageError(
            f"{place.loaded.path}:{at.line}:{at.col}: {place.name} has no `generate`",
            why="only its issuer can make a value for it, unless the manifest declares `generate: BYTES`",
            fix=f"just secret set {place.loaded.manifest.environment} {place.name}",
        )
    return place.secret.generate


def _written(place: Place, value: SecretValue, how: str) -> str:
    refuse_unusable(place.loaded, {place.name: value})
    version = place.write(value)
    return f"{place.name} is {how} (version {version}). {place.next_step}"
