"""Write a CycloneDX bill of materials of the image's Python packages. Pure.

https://cyclonedx.org/docs/1.6/json/ and https://github.com/package-url/purl-spec
"""

from __future__ import annotations

import re
import uuid
from typing import Final

from deployer.errors import UsageError

FORMAT: Final = "1.6"
_PACKAGE: Final = re.compile(
    r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)\s*(?:;(?P<marker>[^\\\n]*))?(?P<rest>(?:\\\n[^\\\n]*)*)",
    re.MULTILINE,
)
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NAMESPACE: Final = uuid.UUID("5f2f3c86-6c9b-5b0e-9a0e-3f1c1c0d7a55")


def sbom(lock_text: str, revision: str, app: str) -> dict[str, object]:
    """Return the document: one component per pinned package. The same text and revision give the same document.

    `lock_text` is a requirements file with hashes. A package's hashes are those of its files for every platform: the
    installer has taken one of them. Raises UsageError when no package is pinned in it.
    """
    components = [_component(found) for found in _PACKAGE.finditer(lock_text)]
    if not components:
        raise UsageError("the lock file pins no package", fix="name another one: --lock FILE")
    service = {
        "type": "application",
        "bom-ref": app,
        "name": app,
        "version": revision,
    }
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{FORMAT}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": FORMAT,
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, revision + lock_text)}",
        "version": 1,
        "metadata": {"component": service},
        "components": components,
        "dependencies": [
            {"ref": app, "dependsOn": [one["bom-ref"] for one in components]},
            *({"ref": one["bom-ref"]} for one in components),
        ],
    }


def _component(found: re.Match[str]) -> dict[str, object]:
    name = re.sub(r"[-_.]+", "-", found["name"]).lower()
    purl = f"pkg:pypi/{name}@{found['version'].replace('+', '%2B')}"
    marker = (found["marker"] or "").strip()
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": found["version"],
        "purl": purl,
        **({"properties": [{"name": "python:marker", "value": marker}]} if marker else {}),
        "hashes": [{"alg": "SHA-256", "content": one} for one in dict.fromkeys(_HASH.findall(found["rest"]))],
    }
