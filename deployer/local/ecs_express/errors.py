"""Errors of the API, by the names of their shapes in its model.

ApiError
├── InvalidParameter
├── UnacceptableRequest
├── ClusterNotFound
├── ServiceNotFound
├── ServiceNotActive
├── ServiceDeploymentNotFound
├── ResourceNotFound
├── Conflict
├── UnsupportedFeature
└── NotEmulated      of the real API, but not of this one
"""

from __future__ import annotations

from typing import ClassVar


class ApiError(Exception):
    """An answer other than 200."""

    code: ClassVar[str] = "ServerException"
    status: ClassVar[int] = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidParameter(ApiError):
    code = "InvalidParameterException"
    status = 400


class UnacceptableRequest(ApiError):
    code = "ClientException"
    status = 400


class ClusterNotFound(ApiError):
    code = "ClusterNotFoundException"
    status = 400


class ServiceNotFound(ApiError):
    code = "ServiceNotFoundException"
    status = 400


class ServiceNotActive(ApiError):
    code = "ServiceNotActiveException"
    status = 400


class ServiceDeploymentNotFound(ApiError):
    code = "ServiceDeploymentNotFoundException"
    status = 400


class ResourceNotFound(ApiError):
    code = "ResourceNotFoundException"
    status = 400


class Conflict(ApiError):
    code = "ConflictException"
    status = 400


class UnsupportedFeature(ApiError):
    code = "UnsupportedFeatureException"
    status = 400


class NotEmulated(ApiError):
    code = "NotEmulated"
    status = 501
