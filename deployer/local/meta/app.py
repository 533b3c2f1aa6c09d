"""The local Meta: its Graph API, the sender of its webhooks, and the chat page."""

from __future__ import annotations

from aiohttp import web

from deployer.local.ending import Ending
from deployer.local.faults import Faults, fault_routes
from deployer.local.loopback import control_only, loopback_only
from deployer.local.meta.callback_routes import CallbackRoutes
from deployer.local.meta.callbacks import Callbacks
from deployer.local.meta.chats import Chats
from deployer.local.meta.config import MetaConfig
from deployer.local.meta.controls import Controls
from deployer.local.meta.delivery import Delivery
from deployer.local.meta.graph import Graph
from deployer.local.meta.limits import Meter
from deployer.local.meta.page import Page
from deployer.local.meta.switches import SWITCHES

BODY_AT_MOST = 4 << 20  # bytes: a webhook has at most 3 MB


def create_meta(config: MetaConfig) -> web.Application:
    """Create a Meta with one app and one number. Its webhook client opens and closes with the application."""
    ending, faults, chats, meter = Ending(), Faults(SWITCHES), Chats(), Meter()
    callbacks = Callbacks(config.callback_url)
    delivery = Delivery(config, callbacks, faults, ending)
    graph = Graph(config, chats, meter, faults, delivery, ending)
    controls = Controls(config, callbacks, chats, meter, graph, delivery, ending)
    app = web.Application(middlewares=[loopback_only, control_only(config.control)], client_max_size=BODY_AT_MOST)
    app.on_startup.append(delivery.open)
    app.on_shutdown.append(ending.begin)
    app.on_cleanup.append(delivery.close)
    app.add_routes(
        [
            web.get("/", Page().show),
            web.post("/{version}/{number}/messages", graph.messages),
            web.get("/{version}/me", graph.me),
            *CallbackRoutes(config, callbacks, delivery, graph.authenticate).routes(),
            *controls.routes(),
            *fault_routes(faults),
        ]
    )
    return app
