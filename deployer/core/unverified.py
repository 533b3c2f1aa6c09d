"""Checks before a deployment that could not be made. A closed union."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class _Unverified(Struct, frozen=True, kw_only=True, tag=True, tag_field="kind"):
    """The kind is a field of the data, too, so that the union can be read from data."""


class CallRefused(_Unverified, frozen=True):
    """These credentials may not make the call `refused`, which the check needs."""

    check: Literal["image-platform", "secrets", "roles"]
    refused: str


class RightsRefused(_Unverified, frozen=True):
    """These credentials may not make the call `refused`, which shows what a role allows."""

    role: str
    refused: str


class RightsConditional(_Unverified, frozen=True):
    """What a role allows depends on these keys of a condition, which a simulation does not know."""

    role: str
    keys: tuple[str, ...]


class NoSettingsClass(_Unverified, frozen=True):
    """Nothing shows which secrets the service accepts, because `file` names no settings class."""

    file: str


class SecretsNotRead(_Unverified, frozen=True):
    """Whether the service accepts its secrets was not checked, because they were not to be read."""


class CallbackNotRead(_Unverified, frozen=True):
    """Where Meta sends messages was not found out; `why` is text."""

    why: str


UnverifiedCheck = CallRefused | RightsRefused | RightsConditional | NoSettingsClass | SecretsNotRead | CallbackNotRead
