"""The actions that the workflows use, each pinned to the commit of its release: a tag can move, a commit cannot."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Action(Struct, frozen=True):
    """An action. `attested` is the source that names this commit for this version; "" for a tag instead of a commit."""

    name: str
    version: str
    commit: str
    attested: str = ""


_MANY: Final = "ten or more public files, November 2026"

CHECKOUT: Final = Action("actions/checkout", "v6.0.2", "de0fac2e4500dabe0009e67214ff5f5447ce83dd", _MANY)
SETUP_PYTHON: Final = Action("actions/setup-python", "v6.2.0", "a309ff8b426b58ec0e2a45f0f869d46889d02405", _MANY)
CACHE: Final = Action("actions/cache", "v5.0.3", "cdf6c1fa76f9f475f3d7449005a359c84ca0f306", _MANY)
UPLOAD: Final = Action("actions/upload-artifact", "v6.0.0", "b7c566a772e6b6bfb58ed0dc250532a479d7789f", _MANY)
DOWNLOAD: Final = Action("actions/download-artifact", "v7.0.0", "37930b1c2abaa49bbe596cd826c3c89aef350131", _MANY)
AWS: Final = Action(
    "aws-actions/configure-aws-credentials", "v6.0.0", "8df5847569e6427dd6c4fb1cf565c83acfa8afa7", _MANY
)
ECR_LOGIN: Final = Action("aws-actions/amazon-ecr-login", "v2.0.1", "062b18b96a7aff071d4dc91bc00c4c1a7945b076", _MANY)
