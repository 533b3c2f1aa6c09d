"""HTTP to this machine, without loading certificates for each call, which takes longer than the call itself."""

from __future__ import annotations

import ssl
from functools import partial
from typing import Final

import httpx

NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # knows no certificate

get = partial(httpx.get, verify=NO_TLS)
put = partial(httpx.put, verify=NO_TLS)
post = partial(httpx.post, verify=NO_TLS)
delete = partial(httpx.delete, verify=NO_TLS)
