"""The service's own public address: as configured, or learned from Meta's webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PUBLIC: Final = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?(:[0-9]{1,5})?")
_LOOPBACK: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
_INTERNAL: Final = (".internal", ".local", ".localhost")  # names that only a private network knows


class PublicAddress:
    """The address at which a load balancer passes requests to an instance of this service; "" until it is known.

    `local` allows an address of this machine, which is the only one without TLS.
    """

    def __init__(self, configured: str | None, *, local: bool) -> None:
        self._configured = configured
        self._local = local
        self._learned_from: tuple[str | None, ...] = ()
        self.url = configured or ""

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take the address that a request was sent to; the latest wins.

        The caller has verified who sent the request: this service sends its own token to the address. A load balancer
        chooses its destination by Host, so nobody can send another public name there; X-Forwarded-Host is used only
        where Host is not a public name.
        """
        if self._configured is not None:
            return
        names = tuple(headers.get(name) for name in ("host", "x-forwarded-host", "x-forwarded-proto"))
        if names == self._learned_from:
            return
        self._learned_from = names
        host, forwarded, scheme = names
        address = self._address(host, scheme) or self._address(forwarded, scheme)
        if address:
            self.url = address

    def _address(self, host: str | None, scheme: str | None) -> str:
        name = (host or "").lower()
        if _LOOPBACK.fullmatch(name):
            return f"http://{name}" if self._local else ""
        internal = name.partition(":")[0].endswith(_INTERNAL)
        if internal or len(name) > 253 or scheme == "http" or not _PUBLIC.fullmatch(name):
            return ""
        return f"https://{name}"
