from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansari_whatsapp import announcer, shutdown, worker
from ansari_whatsapp.app import create_app
from ansari_whatsapp.inbox import MemoryInbox
from ansari_whatsapp.inbox.dynamodb import inbox as dynamodb
from ansari_whatsapp.language import detect
from ansari_whatsapp.settings import REST_OF_STOP, Settings, SettingsError
from tests.ansari_whatsapp.world import environment

GOOD = environment("http://127.0.0.1:8000", "http://127.0.0.1:8002", 8001)


def problems(**more: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({**GOOD, **more})
    return str(caught.value)


def test_a_good_environment_is_read() -> None:
    settings = Settings.from_environment(GOOD | {"WHATSAPP_UNDER_MAINTENANCE": "true", "UNKNOWN": "x"})
    assert settings.whatsapp_under_maintenance is True
    assert settings.port == 8001
    assert settings.host == "127.0.0.1"
    assert GOOD["META_APP_SECRET"] not in repr(settings)


def test_every_field_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_a_platform_is_listened_to_on_every_address() -> None:
    assert Settings.from_environment(GOOD | {"DEPLOYMENT_TYPE": "staging"}).host == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEPLOYMENT_TYPE", "testing"),
        ("BACKEND_SERVER_URL", "file:///etc/passwd"),
        ("BACKEND_SERVER_URL", "https://user:password@api.example.org"),
        ("BACKEND_SERVER_URL", "https://:password@api.example.org"),
        ("BACKEND_SERVER_URL", "https://api.example.org\n"),
        ("BACKEND_SERVER_URL", " https://api.example.com"),
        ("BACKEND_SERVER_URL", "http://[::1"),
        ("META_GRAPH_URL", "ftp://graph.example.org"),
        ("META_API_VERSION", "26"),
        ("META_BUSINESS_PHONE_NUMBER_ID", "12"),
        ("META_APP_SECRET", "your_app_secret"),
        ("META_APP_SECRET", "   "),
        ("META_APP_SECRET", "a-real-looking-secret\n"),
        ("META_ACCESS_TOKEN_FROM_SYS_USER", "EAA-with-an-é-in-it"),
        ("META_BUSINESS_PHONE_NUMBER_ID", "١٢٣٤٥٦"),
        ("APP_RELEASE", "two\nlines"),
        ("WHATSAPP_CHAT_RETENTION_HOURS", "0"),
        ("WHATSAPP_UNDER_MAINTENANCE", "maybe"),
        ("LOGGING_LEVEL", "LOUD"),
        ("PORT", "0"),
    ],
)
def test_a_bad_value_is_named_and_not_repeated(name: str, value: str) -> None:
    told = problems(**{name: value})
    assert f"{name}: " in told
    assert value.strip() == "" or len(value) < 4 or value not in told


@given(st.text(max_size=60))
def test_no_secret_is_repeated_whatever_it_is(value: str) -> None:
    sentinel = f"s3ntinel{value}"
    assert "s3ntinel" not in problems(META_APP_SECRET=sentinel, META_WEBHOOK_VERIFY_TOKEN=sentinel, PORT=sentinel)


def test_two_secrets_with_one_value_are_refused_by_name() -> None:
    told = problems(META_APP_SECRET=GOOD["META_WEBHOOK_VERIFY_TOKEN"])
    assert "META_APP_SECRET and META_WEBHOOK_VERIFY_TOKEN have the same value" in told


@pytest.mark.parametrize("name", ["BACKEND_SERVER_URL", "META_GRAPH_URL"])
def test_plain_http_is_for_this_machine_or_a_local_deployment(name: str) -> None:
    away = {name: "http://neighbour:8000"}
    assert Settings.from_environment(GOOD | away).model_dump()[name.lower()] == "http://neighbour:8000"
    assert f"{name}: has to be https" in problems(DEPLOYMENT_TYPE="staging", **away)


def test_reading_the_settings_loads_no_server() -> None:
    code = "import sys, ansari_whatsapp.settings; sys.exit('sanic' in sys.modules or 'httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is Ansari?", "en"),
        ("ما حكم الصيام في السفر؟", "ar"),
        ("نماز کا طریقہ کیا ہے؟", "ur"),
        ("چگونه نماز بخوانم؟", "fa"),
        ("রোজার নিয়ম কী?", "bn"),
        ("Что такое намаз?", "ru"),
        ("", "en"),
        ("123 !?", "en"),
    ],
)
def test_the_language_is_that_of_the_script(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("drain", "stop", "said"),
    [
        ("20", None, "20 and the 7.5 seconds of the rest of a stop exceed STOP_SECONDS, 10: at most 2.5 fit"),
        ("22.6", "30", "at most 22.5 fit"),
        (None, "9", "at most 1.5 fit"),
        (None, "7", "raise it above 7.5"),
    ],
)
def test_a_stop_ends_before_the_platform_kills(drain: str | None, stop: str | None, said: str) -> None:
    given = {"DRAIN_SECONDS": drain, "STOP_SECONDS": stop}
    told = problems(**{name: value for name, value in given.items() if value is not None})
    assert "DRAIN_SECONDS: " in told
    assert said in told


@pytest.mark.parametrize(("drain", "stop"), [("20", "30"), ("22.5", "30"), ("2.5", "10"), ("100", "120")])
def test_a_stop_may_take_as_long_as_the_platform_waits(drain: str, stop: str) -> None:
    assert Settings.from_environment(GOOD | {"DRAIN_SECONDS": drain, "STOP_SECONDS": stop}).drain_seconds == float(
        drain
    )


def test_the_rest_of_a_stop_is_the_sum_of_its_steps() -> None:
    app = create_app(Settings.from_environment(GOOD), MemoryInbox(), "the-rest-of-a-stop")
    to_close = 0.5
    both = shutdown.SENDING_WITHIN + app.config.GRACEFUL_SHUTDOWN_TIMEOUT + to_close
    alone = worker.LEASE_WITHIN + shutdown.APOLOGY_WITHIN
    shared = shutdown.HAND_OVER_WITHIN + announcer.SENT_WITHIN + 2 * dynamodb.CLOSE_WITHIN
    assert both + max(alone, shared) == REST_OF_STOP
