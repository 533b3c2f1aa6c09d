"""`deployer diff ENV ENV`: compare two environments, and find secrets that they should not share."""

from __future__ import annotations

from msgspec import Struct

from deployer import names
from deployer.aws import ssm
from deployer.core.secret import SecretValue
from deployer.environment.open import open_session
from deployer.environment.secret_parameter import secrets_of
from deployer.environment.two_manifests import load_two_manifests
from deployer.manifest.compare import compare_manifests
from deployer.manifest.load import LoadedManifest
from deployer.view.documents.diff import DiffDocument, SecretPair


class DiffOptions(Struct, frozen=True, kw_only=True):
    """`left` and `right` are names or manifests' paths. `secrets` compares the values of secrets, too."""

    left: str
    right: str
    secrets: bool = False


def compare_environments(options: DiffOptions) -> DiffDocument:
    """The differences of the manifests; with `secrets` also which values are equal, compared in memory only."""
    left, right = load_two_manifests(options.left, options.right)
    return DiffDocument(
        left=left.manifest.environment,
        right=right.manifest.environment,
        differences=compare_manifests(left.manifest, right.manifest),
        secrets=_pairs(left, right) if options.secrets else (),
    )


def _pairs(left: LoadedManifest, right: LoadedManifest) -> tuple[SecretPair, ...]:
    ours, theirs = _values(left), _values(right)
    return tuple(_pair(name, ours.get(name), theirs.get(name)) for name in dict.fromkeys([*ours, *theirs]))


def _pair(name: str, ours: SecretValue | None, theirs: SecretValue | None) -> SecretPair:
    same = ours is not None and ours == theirs
    return SecretPair(name, None if ours is None else "#1", None if theirs is None else "#1" if same else "#2", same)


def _values(loaded: LoadedManifest) -> dict[str, SecretValue]:
    session, _ = open_session(loaded)
    by_path = {names.join(loaded.manifest.aws.parameter_path, name): name for name in secrets_of(loaded)}
    values: dict[str, SecretValue] = {}
    for batch in ssm.batches(list(by_path)):
        values |= {by_path[path]: value for path, value in ssm.reveal(session.ssm, batch).items()}
    return {name: values[name] for name in by_path.values() if name in values}
