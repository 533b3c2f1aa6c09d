"""The configuration of the local Meta: its app, number and callback."""

from __future__ import annotations

from dataclasses import dataclass, field

from deployer.errors import UsageError
from deployer.local.loopback import is_loopback

REDELIVER_AFTER = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 60.0)


@dataclass(frozen=True)
class MetaConfig:
    """The app's secrets, its number, and where its webhooks go at first. Times are in seconds.

    `control` is the token of the control routes. `redeliver_after` are the pauses before each further try of a
    webhook that got no 200; the real Meta goes on for days. `status_delay` is the pause before each of sent,
    delivered and read. Raises UsageError for a callback that is not on this machine: nothing here ever leaves it.
    """

    app_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    phone_number_id: str = field(repr=False)
    callback_url: str
    control: str = field(repr=False)
    display_phone_number: str = "15550000001"
    waba_id: str = "100000000000001"
    app_id: str = "100000000000002"
    webhook_timeout: float = 10.0
    redeliver_after: tuple[float, ...] = REDELIVER_AFTER
    status_delay: float = 0.15

    def __post_init__(self) -> None:
        if not self.callback_url.startswith("http://") or not is_loopback(self.callback_url):
            raise UsageError(
                f"the local Meta cannot call back {self.callback_url}",
                why="it sends webhooks to this machine only",
                fix="use an http:// URL of 127.0.0.1",
            )
