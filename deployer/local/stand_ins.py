"""Local replacements of the upstream services that the project names in deployer.yaml."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deployer.local.settings import WorldSettings

if TYPE_CHECKING:
    from aiohttp import web


@dataclass(frozen=True, repr=False)
class StandIn:
    """A local upstream service on `port`. `secrets` are those that it provides, by parameter name.

    They are new at every start, and kept in memory only.
    """

    app: web.Application
    port: int
    secrets: Mapping[str, str]


def make_stand_ins(settings: WorldSettings, control: str) -> Iterator[StandIn]:
    """Yield the upstream services that the project names. `control` is the token of their control routes."""
    # A world loads only what it serves.
    if backend := settings.app.local_world.backend:
        from deployer.local.backend import create_backend  # noqa: PLC0415

        key = secrets.token_urlsafe(32)
        app = create_backend(api_key=key, pace=0.005, control=control)
        yield StandIn(app, settings.stand_ins["backend"], {backend.api_key: key})
    if meta := settings.app.local_world.meta:
        from deployer.local.meta import MetaConfig, create_meta  # noqa: PLC0415

        config = MetaConfig(
            app_secret=secrets.token_hex(16),
            access_token="EAA" + secrets.token_urlsafe(48),
            phone_number_id="".join(secrets.choice("123456789") for _ in range(15)),
            callback_url=settings.service_url + meta.webhook,
            control=control,
        )
        handed_out = {
            meta.app_secret: config.app_secret,
            meta.access_token: config.access_token,
            meta.phone_number_id: config.phone_number_id,
        }
        yield StandIn(create_meta(config), settings.stand_ins["meta"], handed_out)
