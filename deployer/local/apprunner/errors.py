"""Errors of the API.

ApiError
├── InvalidRequest
├── ResourceNotFound
├── InvalidState
├── QuotaExceeded
└── NotEmulated      of the real API, but not of this one
"""

from __future__ import annotations

from typing import ClassVar

LONGEST_MESSAGE = 600  # ErrorMessage in the API's model


class ApiError(Exception):
    """An answer other than 200, with the name of its shape in the API's model."""

    code: ClassVar[str] = "InternalServiceErrorException"
    status: ClassVar[int] = 500

    def __init__(self, message: str) -> None:
        short = message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
        super().__init__(short)
        self.message = short


class InvalidRequest(ApiError):
    code = "InvalidRequestException"
    status = 400


class ResourceNotFound(ApiError):
    code = "ResourceNotFoundException"
    status = 400


class InvalidState(ApiError):
    code = "InvalidStateException"
    status = 400


class QuotaExceeded(ApiError):
    code = "ServiceQuotaExceededException"
    status = 400


class NotEmulated(ApiError):
    code = "NotEmulated"
    status = 501
