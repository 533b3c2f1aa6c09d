"""Botocore's descriptions of the AWS services, for all of this process."""

from __future__ import annotations

from functools import cache

from botocore.model import ServiceModel

from deployer.aws.models import Models

MODELS = Models()


@cache
def service_model(service: str) -> ServiceModel:
    """Raises botocore's UnknownServiceError for a service that there is none of."""
    return ServiceModel(MODELS.load_service_model(service, "service-2"), service)
