"""Hide the secret values that this process knows in all its output.

Every SecretValue is remembered here, and all text that leaves the process passes through `without_secrets`: whatever
AWS, GitHub, a tool or a traceback repeats of a secret becomes `<secret>`, also as JSON, Python, an address, HTML, a
shell or base64 writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from deployer.credential_shapes import without_shapes

HIDDEN: Final = "<secret>"
SHORTEST: Final = 8  # characters: a shorter value is part of ordinary words and numbers. The service takes 12 and more
_TELLING: Final = ("TOKEN", "PASSWORD", "PASSWD", "SECRET", "SECRET_KEY", "SECRET_ACCESS_KEY", "API_KEY", "PRIVATE_KEY")
_PASSWORD: Final = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")

_known: set[str] = set()


def remember(value: str) -> None:
    """Hide this value from now on, and each line of it: text is often shown line by line."""
    lines = [line.strip() for line in value.splitlines()]
    _known.update(filter(None, (value, value.strip(), *(line for line in lines if len(line) >= SHORTEST))))


def remember_environment(variables: Mapping[str, str]) -> None:
    """Hide the process's own credentials: variables with a telling name, and passwords in addresses."""
    for name, value in variables.items():
        if name.endswith(_TELLING) and len(value) >= SHORTEST:
            remember(value)
        elif "://" in value:
            for password in _PASSWORD.findall(value):
                remember(password)


def forget() -> None:
    """Forget every value: the next command of this process starts with none."""
    _known.clear()


def hide(text: str, shortest: int = SHORTEST) -> str:
    """Replace every known value of at least `shortest` characters by `<secret>`."""
    if not _known or not text:
        return text
    for spelling in _spellings(frozenset(_known), shortest):
        text = text.replace(spelling, HIDDEN)
    return text


def without_secrets(text: str) -> str:
    """The text without known secrets, and without what has the shape of a credential: AWS, GitHub, a tool or a log
    may repeat one that this process has never read.
    """
    return without_shapes(hide(text), HIDDEN)


def scrubbed(data: Any) -> Any:
    """Return JSON data with all secrets in its texts replaced: for data that is stored and read again by others.

    Only for texts that are shown. What is deployed again or compared, such as a literal, has to stay as it is.
    """
    if isinstance(data, str):
        return without_secrets(data)
    if isinstance(data, Mapping):
        return {key: scrubbed(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [scrubbed(value) for value in data]
    return data


@lru_cache(maxsize=4)
def _spellings(values: Iterable[str], shortest: int) -> tuple[str, ...]:
    """Return all encodings of the values, longest first, so that no part of a longer one remains."""
    spellings = {spelling for value in values if len(value) >= shortest for spelling in _spelled(value)}
    return tuple(sorted(spellings, key=len, reverse=True))


def _spelled(value: str) -> Iterator[str]:
    import html  # noqa: PLC0415 -- most commands know no secret
    import json  # noqa: PLC0415
    from urllib.parse import quote, quote_plus  # noqa: PLC0415

    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield html.escape(value)
    yield value.replace("'", "'\\''")
    yield value.replace("'", "'\"'\"'")
    for quoted in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), quoted)
    if len(value) >= SHORTEST:
        yield from _base64(value.encode(errors="surrogatepass"))


def _base64(raw: bytes) -> Iterator[str]:
    """Return the letters that base64 always has for these bytes, at any position."""
    import base64  # noqa: PLC0415

    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(before) + raw).decode()
            inner = text.rstrip("=")
            yield inner[(0, 2, 3)[before] : len(inner) - (1 if inner != text else 0)]
