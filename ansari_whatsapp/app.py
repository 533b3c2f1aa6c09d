"""Wiring and lifecycle: one inbox, one worker, two clients, and the routes in front of them."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from sanic import Sanic

from ansari_whatsapp.awake import Awake
from ansari_whatsapp.backend import Backend
from ansari_whatsapp.circuit import Circuit
from ansari_whatsapp.clocks import Clocks
from ansari_whatsapp.conversation import Conversation
from ansari_whatsapp.cpu import Cpu, IdleCpu
from ansari_whatsapp.delivery import Delivery
from ansari_whatsapp.graph import Graph
from ansari_whatsapp.inbox import Inbox
from ansari_whatsapp.inbox.choose import inbox_at
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.operator_routes import OperatorRoutes
from ansari_whatsapp.public_address import PublicAddress
from ansari_whatsapp.readiness import Readiness
from ansari_whatsapp.reporting import report
from ansari_whatsapp.routes import LARGEST_BODY, Routes
from ansari_whatsapp.settings import Settings, is_tls
from ansari_whatsapp.telemetry import log, write_metrics
from ansari_whatsapp.work import Work
from ansari_whatsapp.work_order import token_of
from ansari_whatsapp.worker import Worker


def create_app(settings: Settings, inbox: Inbox | None = None, name: str = "ansari_whatsapp") -> Sanic[Any, Any]:
    """Return the application, with the settings' inbox unless `inbox` is given. Nothing runs before the server starts.

    Sanic registers `name` for the process, so two applications cannot have the same name.
    """
    app: Sanic[Any, Any] = Sanic(name, configure_logging=False)
    app.config.update(
        {
            "REQUEST_MAX_SIZE": LARGEST_BODY,
            "REQUEST_TIMEOUT": 15,
            "RESPONSE_TIMEOUT": 30,
            "GRACEFUL_SHUTDOWN_TIMEOUT": 1,  # part of REST_OF_STOP
            "AUTO_EXTEND": False,
            "ACCESS_LOG": False,
            "FALLBACK_ERROR_FORMAT": "json",
        }
    )
    inbox = inbox or _inbox(settings)
    backend, graph = Backend(settings), Graph(settings)
    metrics = Metrics()
    clocks = Clocks.of(settings, inbox.poll)
    circuit = Circuit(clocks)
    delivery = Delivery(inbox, graph, circuit, clocks, metrics)
    conversation = Conversation(settings, backend, graph, circuit)
    survives = settings.inbox_survives
    worker = Worker(inbox, conversation, delivery, circuit, clocks, metrics, survives=survives)
    cpu = _cpu(settings, inbox, worker, circuit, metrics)
    readiness = Readiness(inbox, settings.inbox_capacity, worker, cpu, circuit, backend, graph)
    Routes(settings, inbox, worker, cpu, delivery, readiness, metrics).add_to(app)
    cpu.add_to(app)
    if settings.operator_token is not None:
        OperatorRoutes(settings.operator_token, settings.app_release, inbox, worker).add_to(app)
    beside: list[asyncio.Task[None]] = []

    @app.before_server_start
    async def start(_: Any) -> None:
        await inbox.open()
        if inbox.problem:
            log.critical("the inbox cannot be used", extra={"cause": inbox.problem, "url": settings.inbox_url})
        gc.collect()
        gc.freeze()  # what is there for good need not be looked through again and again,
        gc.set_threshold(10_000, 20, 20)  # and what a request leaves behind is seldom a cycle
        cpu.start()
        beside.append(asyncio.create_task(report(metrics, inbox, worker, cpu)))
        log.info("started", extra={"release": settings.app_release, "port": settings.port})

    @app.before_server_stop
    async def drain(_: Any) -> None:
        left = await worker.drain()
        await cpu.stop()
        for task in beside:
            task.cancel()
        write_metrics(metrics)
        log.log(30 if left else 20, "stopped", extra={"unfinished": left})

    @app.after_server_stop
    async def close(_: Any) -> None:
        await inbox.aclose()
        await backend.aclose()
        await graph.aclose()

    return app


def _cpu(settings: Settings, inbox: Inbox, worker: Worker, circuit: Circuit, metrics: Metrics) -> Cpu:
    if settings.idle_cpu:
        return IdleCpu(worker)
    local = settings.deployment_type == "local"
    address = PublicAddress(settings.public_url, local=local)
    tls = not local if settings.public_url is None else is_tls(settings.public_url)
    if not inbox.shared:
        return Awake(address, inbox, worker, metrics, tls=tls)
    secrets = (settings.meta_app_secret, settings.meta_app_secret_previous)
    tokens = [token_of(secret.get_secret_value()) for secret in secrets if secret is not None]
    return Work(address, tokens, inbox, worker, circuit, metrics)


def _inbox(settings: Settings) -> Inbox:
    key = settings.inbox_key.get_secret_value() if settings.inbox_key is not None else ""
    return inbox_at(settings.inbox_url, key, settings.inbox_capacity, settings.commit_seconds, settings.lease_seconds)
