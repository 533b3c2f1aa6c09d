"""Read which environment a manifest is about, without the rest of the file.

During an incident, when the manifest may be half edited, a lock is broken or releases are listed. Those verbs need the
account and the names of resources, and nothing else of the file.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from pydantic import ValidationError

from deployer.manifest import source, syntax, tree
from deployer.manifest.model import Manifest
from deployer.manifest.problem import InvalidManifest
from deployer.manifest.scalars import bent
from deployer.manifest.targets import section

FIELDS: Final[tuple[tuple[str, ...], ...]] = (
    ("app",),
    ("environment",),
    ("aws", "account"),
    ("aws", "region"),
    ("aws", "parameter_path"),
    ("aws", "endpoint"),
    ("service", "target"),
    ("service", "name"),
)


class Identity(Struct, frozen=True):
    """The account, and the names of an environment's resources in it. `path` is the manifest's."""

    app: str
    environment: str
    account: str
    region: str
    parameter_path: str
    endpoint: str | None
    target: str
    service: str
    path: Path


def identity_of(manifest: Manifest, path: Path) -> Identity:
    """The identity of a manifest without problems."""
    return Identity(
        app=manifest.app,
        environment=manifest.environment,
        account=manifest.aws.account,
        region=manifest.aws.region,
        parameter_path=manifest.aws.parameter_path,
        endpoint=manifest.aws.endpoint,
        target=manifest.service.target,
        service=manifest.service.name,
        path=path,
    )


def read_identity(raw: bytes, path: Path) -> Identity | None:
    """The identity in a manifest's bytes, whatever else is wrong with them; None unless it is certain."""
    try:
        text, _ = source.decode(raw, path)
    except InvalidManifest:
        return None
    read = syntax.parse(text)
    if read.broken or read.root is None or not all(_certain(read.root, field) for field in FIELDS):
        return None
    # The model checks these fields; the others are given values that it accepts.
    contents: dict[str, Any] = {
        "image": {"repository": "unread"},
        "protect": {"confirm": True},
        "variables": {"unread": {"kind": "secret"}},
        "aws": {},
        "service": dict(section({"service": {"target": _target(read.root)}}).unread),
    }
    for *groups, key in FIELDS:
        node = tree.find(read.root, (*groups, key))[1]
        if node is not None:
            (contents[groups[0]] if groups else contents)[key] = tree.data(node)
    try:
        manifest = Manifest.model_validate(contents)
    except ValidationError:
        return None
    identity = identity_of(manifest, path)
    return identity if identity.environment == path.stem else None


def _target(root: tree.Node) -> object:
    return tree.data(tree.find(root, ("service", "target"))[1])


def _certain(root: tree.Node, field: tuple[str, ...]) -> bool:
    """Whether the file has this field at most once, as a word that every YAML reader takes for the same text."""
    node: tree.Node | None = root
    for key in field:
        if not isinstance(node, tree.Group):
            return False
        if Counter(word.text for word, _ in node.entries)[key] > 1:
            return False
        if key not in node.first:
            return True  # the model checks whether it may be absent
        node = node.first[key][1]
    return isinstance(node, tree.Word) and not node.opaque and not (node.plain and bent(node.text))
