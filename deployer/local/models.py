"""Botocore's descriptions of the AWS services, found and read once per process."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.model import ServiceModel

from deployer.aws.models import Files, Models

_load = cache(Files().load_file)
_exists = cache(Files().exists)


class Once(Files):
    """A loader cache for all sessions. Botocore completes the loaded data in place, the same way for every session."""

    def load_file(self, file_path: str) -> Any:
        return _load(file_path)

    def exists(self, file_path: str) -> bool:
        return _exists(file_path)


MODELS = Models(Once())


@cache
def service_model(service: str) -> ServiceModel:
    """Raises botocore's UnknownServiceError for a service that there is none of."""
    return ServiceModel(MODELS.load_service_model(service, "service-2"), service)
