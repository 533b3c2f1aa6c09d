"""Everything the service is told by its environment. Nothing usable is built in: a missing secret stops the start."""

import itertools
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from ansari_whatsapp.inbox_address import InTable, parse

SHORTEST_SECRET = 12
# Seconds of a stop besides DRAIN_SECONDS, at most: a part that is being sent 2, requests under way 1, to close 0.5, and
# either a call that leases a message 1 and apologies 3, or to give back leases 1, announce them 1, close the inbox 2.
REST_OF_STOP = 7.5
PLACEHOLDER = r"(?i)(your[-_].*|change[-_]?me.*|placeholder.*|todo.*|example.*|x+|\*+|<.*>|\$\{.*\})"


class SettingsError(Exception):
    """The environment does not fit. `problems` names every variable that is wrong, without its value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the service cannot start with this environment:\n" + "\n".join(f"  {p}" for p in problems))
        self.problems = problems


def _no_placeholder(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not value.strip():
        raise ValueError("is empty")
    if re.fullmatch(PLACEHOLDER, value.strip()):
        raise ValueError("is a placeholder")
    if not re.fullmatch(r"[!-~]+", value):  # it goes into an HTTP header, and a pasted line end is easily overlooked
        raise ValueError("holds a space, a line end or a letter that is not ASCII")
    return secret


def _strong(secret: SecretStr) -> SecretStr:
    if len(_no_placeholder(secret).get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"has fewer than {SHORTEST_SECRET} characters")
    return secret


def _digits(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[0-9]{5,20}", _no_placeholder(secret).get_secret_value()):
        raise ValueError("has to be 5 to 20 digits")
    return secret


def _address(url: str, info: ValidationInfo) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    written = re.fullmatch(r"[!-~]+", url) and "@" not in url
    if not usable or not written or parts.query or parts.fragment:
        raise ValueError("has to be an address such as https://api.example.org")
    here = parts.hostname in {"127.0.0.1", "localhost", "::1"} or info.data.get("deployment_type") == "local"
    if parts.scheme == "http" and not here:
        raise ValueError("has to be https: plain http is for this machine, or a local deployment")
    return url.rstrip("/")


def _ends_in_time(drain: float, info: ValidationInfo) -> float:
    stop = info.data.get("stop_seconds")
    if stop is not None and drain + REST_OF_STOP > stop:
        most = stop - REST_OF_STOP
        fit = f"at most {most:g} fit" if most > 0 else f"raise it above {REST_OF_STOP}"
        raise ValueError(
            f"{drain:g} and the {REST_OF_STOP} seconds of the rest of a stop exceed STOP_SECONDS, {stop:g}: {fit}"
        )
    return drain


def _inbox(url: str) -> str:
    parse(url)
    return url


def is_tls(url: str) -> bool:
    """Whether certificates are needed for an address: loading them is a tenth of what a start takes."""
    return url.startswith("https:")


StrongSecret = Annotated[SecretStr, AfterValidator(_strong)]
Address = Annotated[str, AfterValidator(_address)]
Seconds = Annotated[float, Field(gt=0, le=600)]


class Settings(BaseModel):
    """One field per variable: `meta_app_secret` is META_APP_SECRET."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    deployment_type: Literal["local", "development", "staging", "production"] = Field(
        description="Where this runs: `local` listens on this machine only, `staging` ignores texts that start with !d."
    )
    public_url: Address | None = Field(
        default=None,
        description="The service's own public address, in place of the one that it learns from Meta's webhooks. "
        "Requests to it are held open while messages are answered, unless IDLE_CPU is set.",
    )
    idle_cpu: bool = Field(
        default=False,
        description="Whether the platform leaves an instance its processor while no request is in flight: `true` on "
        "Amazon ECS. If `false`, requests to the service itself are held open while there is work.",
    )
    backend_server_url: Address = Field(description="ansari-backend, which answers the questions.")
    whatsapp_service_api_key: StrongSecret = Field(description="The key ansari-backend knows this service by.")
    meta_graph_url: Address = Field(default="https://graph.facebook.com", description="Meta's Graph API.")
    meta_api_version: str = Field(
        default="v26.0", pattern=r"^v[0-9]+\.[0-9]$", description="The Graph API version, such as v26.0."
    )
    meta_business_phone_number_id: Annotated[SecretStr, AfterValidator(_digits)] = Field(
        description="The id (not the number) of the WhatsApp number; webhooks for another number are skipped."
    )
    meta_access_token_from_sys_user: StrongSecret = Field(description="The system user's token for the Graph API.")
    meta_webhook_verify_token: StrongSecret = Field(description="What Meta shows when the callback is registered.")
    meta_app_secret: StrongSecret = Field(description="The app secret that signs every webhook.")
    meta_app_secret_previous: StrongSecret | None = Field(
        default=None, description="The app secret before that: its signatures are taken, too, while Meta changes over."
    )
    always_return_ok_to_meta: bool = Field(
        default=True, description="Answer 200 to webhooks that cannot be used; never to a bad signature."
    )
    whatsapp_under_maintenance: bool = Field(default=False, description="Answer every message with a notice.")
    whatsapp_chat_retention_hours: float = Field(
        default=3, gt=0, le=24 * 365, description="A thread is continued if it was used within this many hours."
    )
    whatsapp_message_age_threshold_seconds: int = Field(
        default=86400, gt=0, description="Older messages are answered with a notice only."
    )
    inbox_url: Annotated[str, AfterValidator(_inbox)] = Field(
        default="sqlite:///inbox/inbox.sqlite3",
        description="Where accepted messages are kept until they are answered: `sqlite:///PATH` is a file of one "
        "instance, `dynamodb://TABLE?region=REGION` a table that any number of instances share.",
    )
    inbox_key: StrongSecret | None = Field(
        default=None,
        description="Hashes the phone numbers and message ids in a table, and has to stay the same: with another key "
        "no message that waits or was answered is found. Only for `dynamodb://`.",
    )
    inbox_capacity: int = Field(
        default=100_000,
        ge=1,
        description="How many messages may wait; more are left to Meta, which delivers them again.",
    )
    inbox_survives: bool = Field(
        default=True,
        description="Whether the file outlives the instance. If `false`, a message that cannot be answered before the "
        "instance stops gets an apology; if `true`, the next process answers it.",
    )
    commit_seconds: Seconds = Field(default=1.0, description="How long a webhook may take to be kept.")
    answers_at_once: int = Field(
        default=200, ge=1, le=10_000, description="How many messages are answered at the same time."
    )
    user_messages_per_hour: int = Field(
        default=60,
        ge=1,
        description="How many messages of one user are answered in an hour, so that two bots cannot reply to each "
        "other indefinitely; of the same text a tenth, but at least 5.",
    )
    tries: int = Field(
        default=6,
        ge=1,
        le=100,
        description="How often the backend is asked in all, and how often an answer may fail while others arrive.",
    )
    deaths: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="How many instances may end while they work on one step of a message, before it is given up: it "
        "may be what ends them.",
    )
    lease_seconds: Seconds = Field(
        default=60.0, description="When a process dies, another one continues with its messages within this time."
    )
    stop_seconds: Seconds = Field(
        default=10.0,
        description="How long the platform waits after SIGTERM before it kills the process. A platform may not "
        "document it: 10 are assumed. Amazon ECS waits for the container's `stopTimeout`, 30 by default.",
    )
    drain_seconds: Annotated[Seconds, AfterValidator(_ends_in_time)] = Field(
        default=2.5,
        validate_default=True,
        description=f"How long a stop waits for the answers under way. The rest of a stop takes {REST_OF_STOP} seconds "
        "at most, and both have to fit into STOP_SECONDS. With STOP_SECONDS=30, 20 fit.",
    )
    pause_seconds: Seconds = Field(
        default=30.0, description="How long nothing is sent after Meta has refused the token or the account."
    )
    confirm_seconds: float = Field(
        default=10.0,
        ge=0,
        le=600,
        description="How long to wait for a status of a part whose sending timed out, before it is sent again.",
    )
    typing_seconds: float = Field(
        default=20.0, gt=0, le=25, description="How often `typing` is shown again; it goes out after 25 seconds."
    )
    backend_connect_seconds: Seconds = Field(default=5.0, description="ansari-backend: to connect.")
    backend_lookup_seconds: Seconds = Field(default=15.0, description="ansari-backend: a user or a thread.")
    backend_first_byte_seconds: Seconds = Field(default=30.0, description="ansari-backend: the start of an answer.")
    backend_idle_seconds: Seconds = Field(default=75.0, description="ansari-backend: between two pieces of an answer.")
    backend_answer_seconds: Seconds = Field(
        default=115.0, description="ansari-backend: a whole answer; a platform may end a request after 120."
    )
    graph_connect_seconds: Seconds = Field(default=5.0, description="Meta: to connect.")
    graph_seconds: Seconds = Field(default=15.0, description="Meta: an answer.")
    first_retry_seconds: float = Field(
        default=1.0,
        gt=0,
        le=60,
        description="The pause before a failed step is tried again; each further one is twice as long.",
    )
    metrics_token: StrongSecret | None = Field(
        default=None,
        description="A caller that sends it as a bearer token may read /metrics; unset, there is no such page.",
    )
    operator_token: StrongSecret | None = Field(
        default=None,
        description="With it as a bearer token, an operator reads the numbers of the inbox at /inbox and replays dead "
        "letters; unset, there is no such page.",
    )
    logging_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="INFO", description="The least severe log line that is written."
    )
    origins: str = Field(
        default="",
        description="Accepted because every environment has it, and not used: no browser talks to this service, "
        "so it sends no CORS headers.",
    )
    port: int = Field(default=8001, ge=1, le=65535, description="Set by the platform.")
    app_release: str = Field(
        default="", pattern=r"^[!-~]{0,128}$", description="Set by the deployer; reported in X-App-Release."
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = (
            "meta_app_secret",
            "meta_webhook_verify_token",
            "whatsapp_service_api_key",
            "metrics_token",
            "operator_token",
        )
        for one, other in itertools.combinations(names, 2):
            if getattr(self, one) is not None and getattr(self, one) == getattr(self, other):
                raise ValueError(f"{one.upper()} and {other.upper()} have the same value")
        return self

    @model_validator(mode="after")
    def _key_of_the_table(self) -> Self:
        if isinstance(parse(self.inbox_url), InTable) and self.inbox_key is None:
            raise ValueError("INBOX_KEY is missing: INBOX_URL names a table")
        return self

    @property
    def host(self) -> str:
        """The address to listen on: this machine only, unless a platform is in front."""
        return "127.0.0.1" if self.deployment_type == "local" else "0.0.0.0"  # noqa: S104 -- inside a container

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables. Raises SettingsError with every problem at once."""
        given = {name: environ[name.upper()] for name in cls.model_fields if name.upper() in environ}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = error.errors(include_input=False, include_url=False)
            raise SettingsError([_told(each["loc"], each["type"], each["msg"]) for each in problems]) from None


def _told(place: tuple[int | str, ...], kind: str, message: str) -> str:
    name = str(place[0]).upper() if place else "the secrets"
    return f"{name}: is missing" if kind == "missing" else f"{name}: {message.removeprefix('Value error, ')}"
