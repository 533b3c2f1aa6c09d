"""The JSON of `image build` and `image push`."""

from __future__ import annotations

from msgspec import Struct


class ImageDocument(Struct, frozen=True):
    """The outcome of an image build or push: `built`, `pushed`, or `there` when ECR held it already.

    `digest` is ECR's, None when ECR was not asked; `tool` is what built it, None when nothing was built.
    """

    environment: str
    did: str
    repository: str
    tag: str
    digest: str | None
    platform: str
    tool: str | None
