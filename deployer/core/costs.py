"""What a service costs each month, at least: what its target charges while nobody uses it. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

HOURS: Final = 730  # of a month, as AWS counts them in its price examples


class Cost(Struct, frozen=True):
    """A part of the bill, in US dollars a month."""

    part: str
    dollars: float


class Costs(Struct, frozen=True):
    """The parts of a bill, and what is added while a service is used, as text. All prices are those of `region`.

    `sources` are the pages of the prices, which were read on the date `read`.
    """

    parts: tuple[Cost, ...]
    while_used: str
    region: str
    sources: tuple[str, ...]
    read: str

    @property
    def dollars(self) -> float:
        return sum(part.dollars for part in self.parts)
