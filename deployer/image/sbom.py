"""What the image's Python environment is made of, as a CycloneDX bill of materials; pure."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Final

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from deployer.errors import UsageError

_PACKAGE: Final = re.compile(
    r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)\s*(?:;(?P<marker>[^\\\n]*))?(?P<rest>(?:\\\n[^\\\n]*)*)",
    re.MULTILINE,
)
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NAMESPACE: Final = uuid.UUID("5f2f3c86-6c9b-5b0e-9a0e-3f1c1c0d7a55")


def render_sbom(lock_text: str, revision: str, committed: datetime, app: str) -> str:
    """Return the JSON for the image of `app`: one component for each pinned package.

    The same text, revision and date of the commit give the same document. `lock_text` is a requirements file with
    hashes. A package's hashes are those of its files for every platform: the installer has taken one of them. Raises
    UsageError when no package is pinned in it.
    """
    packages = [_component(pin) for pin in _PACKAGE.finditer(lock_text)]
    if not packages:
        raise UsageError("the lock file pins no package", fix="name another one: --lock FILE")
    image = Component(type=ComponentType.APPLICATION, name=app, version=revision, bom_ref=app)
    bom = Bom(
        serial_number=uuid.uuid5(_NAMESPACE, revision + lock_text),
        metadata=BomMetaData(component=image, timestamp=committed),
        components=packages,
    )
    bom.register_dependency(image, packages)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def _component(pin: re.Match[str]) -> Component:
    name = re.sub(r"[-_.]+", "-", pin["name"]).lower()
    purl = PackageURL("pypi", name=name, version=pin["version"])
    marker = (pin["marker"] or "").strip()
    return Component(
        name=name,
        version=pin["version"],
        purl=purl,
        bom_ref=str(purl),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256) for sha256 in _HASH.findall(pin["rest"])],
        properties=[Property(name="python:marker", value=marker)] if marker else [],
    )
