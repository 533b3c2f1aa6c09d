"""Replace a running version by another: its instances, its port, and the rollback."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from dataclasses import dataclass

from deployer.local.apprunner.events import Journal
from deployer.local.apprunner.fleet import Fleet, Version
from deployer.local.apprunner.limits import Limits
from deployer.local.compute.launcher import Launcher
from deployer.local.compute.problem import Problem
from deployer.local.proxy import Proxy

LEAVE_WITHIN = 5.0  # seconds for the requests inside when the whole world stops


@dataclass
class Live:
    """The running state of a service: its listener and the last healthy version.

    There is no fleet while it is paused. There is no listener for a private service, as VPC endpoints are not emulated,
    nor for a version whose instance has the service's port itself.
    """

    proxy: Proxy | None
    version: Version
    fleet: Fleet | None

    @property
    def serves(self) -> bool:
        """Return whether requests reach a healthy instance. A service without a port counts as serving."""
        listens = self.proxy is not None or self.version.fixed or self.version.port is None
        return listens and self.fleet is not None and bool(self.fleet.generation)


@dataclass
class Attempt:
    """What a deployment has started so far. `released` means that the previous version has given up its port."""

    fleet: Fleet | None = None
    proxy: Proxy | None = None
    released: bool = False


class Rollout:
    """Owns every instance and every port of the services, on one loop."""

    def __init__(self, launcher: Launcher, limits: Limits) -> None:
        self._launcher = launcher
        self._limits = limits
        self._fleets: set[Fleet] = set()
        self._proxies: set[Proxy] = set()

    async def stop(self) -> None:
        """Let requests end, stop every instance and close every port."""
        patience = min(self._limits.drain, LEAVE_WITHIN)
        await asyncio.gather(*(proxy.close(within=patience) for proxy in list(self._proxies)))
        await asyncio.gather(*(fleet.stop(drain=0) for fleet in list(self._fleets)))

    async def bring_up(self, attempt: Attempt, version: Version, live: Live | None, journal: Journal) -> None:
        """Start the version, and wait until it is healthy.

        It runs beside the one before, unless one of the two has to have the port that both want: that one is alone.
        """
        kept = live is not None and live.version.port == version.port
        alone = live is not None and kept and (version.fixed or live.version.fixed)
        attempt.fleet = self.fleet(version, journal)
        if not alone and not version.fixed:
            attempt.proxy = live.proxy if live and kept else await self.listen(version.port)
        if live and alone and version.fixed:
            await self._release(attempt, live, journal)
        await attempt.fleet.start()
        if live and alone and not version.fixed:
            await self._release(attempt, live, journal)
            attempt.proxy = await self.listen(version.port)

    async def give_up(self, attempt: Attempt, live: Live | None, journal: Journal) -> None:
        """Stop what was started, and give the version before its port again."""
        if attempt.fleet:
            await self.retire(attempt.fleet, drain=0)
        if attempt.proxy and not (live and attempt.proxy is live.proxy):
            await self.unlisten(attempt.proxy)
        if live and attempt.released:
            try:
                await self._take_again(live, journal)
            except Problem as problem:
                journal.event(f"The version before cannot serve again: {problem}")

    async def _release(self, attempt: Attempt, live: Live, journal: Journal) -> None:
        """Free the port of the version that runs."""
        journal.step(f"Port {live.version.port} is handed over: nobody answers there until the deployment ends.")
        attempt.released = True
        if live.proxy:
            proxy, live.proxy = live.proxy, None
            await self.unlisten(proxy)
        if live.version.fixed and live.fleet:
            fleet, live.fleet = live.fleet, None
            await self.retire(fleet, drain=0)

    async def _take_again(self, live: Live, journal: Journal) -> None:
        """Undo a release. Raises Problem."""
        if live.version.fixed:
            fleet = self.fleet(live.version, journal)
            try:
                await fleet.start()
            except Problem:
                await self.retire(fleet, drain=0)
                raise
            live.fleet = fleet
        else:
            live.proxy = await self.listen(live.version.port)
            route(live.proxy, live.fleet)

    def fleet(self, version: Version, journal: Journal) -> Fleet:
        fleet = Fleet(version, self._launcher, self._limits, tell=journal.event, write=journal.output)
        self._fleets.add(fleet)
        return fleet

    async def retire(self, fleet: Fleet, *, drain: float) -> None:
        await fleet.stop(drain=drain)
        self._fleets.discard(fleet)

    async def listen(self, port: int | None) -> Proxy | None:
        if port is None:
            return None
        proxy = Proxy(request_limit=self._limits.request)
        try:
            await proxy.open(port)
        except OSError as error:
            why = "another program or service listens there" if error.errno == errno.EADDRINUSE else error.strerror
            raise Problem(f"Port {port} of 127.0.0.1 cannot be opened for the service: {why}.") from error
        self._proxies.add(proxy)
        return proxy

    async def unlisten(self, proxy: Proxy) -> None:
        with contextlib.suppress(OSError):
            await proxy.close(within=self._limits.drain)
        self._proxies.discard(proxy)


def route(proxy: Proxy | None, fleet: Fleet | None) -> None:
    """Let the requests go to these instances from now on."""
    if proxy:
        proxy.current = fleet.generation if fleet else None
