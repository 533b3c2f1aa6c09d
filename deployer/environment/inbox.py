"""Open the inbox of an environment: its table, or the routes of the service whose disk it is on."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from deployer import names
from deployer.apps.app import Inbox, OperatorRoutes
from deployer.aws import ssm
from deployer.core.observed import ObservedService
from deployer.core.target import ServiceStatus
from deployer.environment.open import Environment, open_usable_environment
from deployer.errors import Blocked
from deployer.project import PROJECT_FILE
from deployer.run.inbox_route import InboxRoute
from deployer.run.inbox_table import InboxTable
from deployer.view.progress import Reporter

Access: TypeAlias = InboxTable | InboxRoute


class OpenInbox(Struct, frozen=True):
    """An inbox and the means to ask it. `url` is the address of the service while it runs, else None."""

    environment: Environment
    access: Access
    url: str | None

    @property
    def name(self) -> str:
        """The name of the environment."""
        return self.environment.desired.environment


def open_inbox(name: str, report: Reporter, *, only_reads: bool = True) -> OpenInbox:
    """Find where the running service keeps its inbox; without a service, where the manifest puts it.

    Raises Blocked when it cannot be reached.
    """
    environment = open_usable_environment(name, report, start=False, only_reads=only_reads)
    run, app = environment.run, environment.run.app.inbox
    service = run.target.observe(run.desired.service_name)[0]
    runs = service is not None and service.status is ServiceStatus.RUNNING and bool(service.url)
    url = run.site.public_url(service.url) if service is not None and runs else None
    if app and app.command and (address := _table(environment, app, service)):
        table = InboxTable(
            address, app.variable, app.command, environment.loaded.root, run.session, run.desired.environment
        )
        return OpenInbox(environment, table, url)
    if app is None or app.operator is None:
        raise Blocked(
            f"{PROJECT_FILE} does not describe how the inbox is read",
            fix=f"describe the service's routes or command below inbox in {PROJECT_FILE}",
        )
    if url is None:
        raise _unreachable(environment, service)
    return OpenInbox(environment, _route(environment, app.operator, url), url)


def _table(environment: Environment, app: Inbox, service: ObservedService | None) -> str | None:
    """The address of the table; None where each instance has its own inbox."""
    plain = service.spec.environment if service is not None else environment.desired.plain
    address = plain.get(names.variable(app.variable), "")
    return address if address.startswith(app.address.partition("{table}")[0]) else None


def _route(environment: Environment, operator: OperatorRoutes, url: str) -> InboxRoute:
    name, manifest = environment.desired.environment, environment.loaded.manifest
    path = names.join(manifest.aws.parameter_path, operator.token)
    token = ssm.reveal(environment.session.ssm, [path]).get(path)
    if token is None and operator.token not in manifest.variables:
        raise Blocked(
            f"{environment.loaded.path} has no {operator.token}, so the service does not report its inbox",
            why="each instance keeps its inbox on its own disk, and answers only with this token",
            fix=f"just add {name} {operator.token} --generate 32, then: just reconcile {name}",
        )
    if token is None:
        raise Blocked(
            f"{operator.token} is not set, so the service does not report its inbox",
            fix=f"just secret set {name} {operator.token}, then: just reconcile {name}",
        )
    return InboxRoute(f"{url}{operator.path}", token, name, operator.token)


def _unreachable(environment: Environment, service: ObservedService | None) -> Blocked:
    name = environment.desired.environment
    if service is None:
        return Blocked(f"{name} has no service, so it has no inbox", fix=f"just reconcile {name}")
    paused = service.status is ServiceStatus.PAUSED
    return Blocked(
        f"the service of {name} is {service.status}, and its inbox is on its instances",
        why="only a service that runs can report it",
        fix=f"just resume {name}" if paused else f"see when it runs: just status {name}",
    )
