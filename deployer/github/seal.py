"""Seal a secret with the public key of its GitHub environment, so that only GitHub can open it.

https://docs.github.com/en/rest/guides/encrypting-secrets-for-the-rest-api
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from deployer.core.secret import SecretValue
from deployer.errors import DeployerError
from deployer.github.limits import VALUE_BYTES


def seal_secret(value: SecretValue, key: Mapping[str, object]) -> tuple[str, str]:
    """Return the sealed box in base64, and the id of the key. Raises DeployerError for an invalid key."""
    from nacl.exceptions import CryptoError  # noqa: PLC0415 -- only who sends a secret needs it
    from nacl.public import PublicKey, SealedBox  # noqa: PLC0415

    plain = value.reveal().encode()
    if len(plain) > VALUE_BYTES:
        raise DeployerError(f"a secret has {len(plain)} bytes, and GitHub takes at most {VALUE_BYTES}")
    try:
        public = PublicKey(base64.b64decode(str(key["key"]), validate=True))
        return base64.b64encode(SealedBox(public).encrypt(plain)).decode(), str(key["key_id"])
    except (KeyError, ValueError, TypeError, binascii.Error, CryptoError):
        raise DeployerError(
            "GitHub returned an invalid public key",
            why="secrets are only sent sealed; nothing was sent",
            fix="run again; if it persists, check GITHUB_API_URL",
        ) from None
