"""What is known as a secret is shown in no spelling."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer import secrecy
from deployer.core.secret import SecretValue

SPELLED: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON in unicode": lambda text: json.dumps(text, ensure_ascii=False),
    "Python": repr,
    "HTML": html.escape,
    "shell": shlex.quote,
    "another shell": lambda text: "'" + text.replace("'", "'\\''") + "'",
    "address": lambda text: quote(text, safe=""),
    "path": quote,
    "form": quote_plus,
    "address in small letters": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "a login in base64": lambda text: base64.b64encode(f"AWS:{text}:x".encode()).decode(),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(f"u:{text}".encode()).decode(),
}
SENTINEL = "sentinel/'single' \"double\"\\back&<é>%41"


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    secrecy.forget()
    yield
    secrecy.forget()


@pytest.mark.parametrize("spelling", SPELLED)
def test_every_spelling_is_hidden(spelling: str) -> None:
    shown = f"before {SPELLED[spelling](SENTINEL)} after"
    SecretValue(SENTINEL)
    hidden = secrecy.hide(shown)
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")
    assert len(hidden) < len("before  after") + 20
    assert secrecy.HIDDEN in hidden


@given(st.text(min_size=secrecy.SHORTEST, max_size=30), st.text(max_size=9), st.sampled_from(sorted(SPELLED)))
def test_no_secret_survives(secret: str, around: str, spelling: str) -> None:
    secrecy.forget()
    SecretValue(secret)
    try:
        spelled = SPELLED[spelling](secret)
    except UnicodeEncodeError:
        return
    shown = secrecy.hide(f"{around}{spelled}{around}")
    assert secret not in shown.replace(secrecy.HIDDEN, "") or secret in around * 2


def test_lines_of_a_secret_are_hidden_one_by_one() -> None:
    SecretValue("-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n")
    assert secrecy.hide("why: x\n       MIIEvQIBADANBg") == "why: x\n       <secret>"


def test_a_short_value_is_hidden_only_where_it_is_asked_for() -> None:
    SecretValue("abc")
    assert secrecy.hide("alphabc") == "alphabc"
    assert secrecy.hide("alphabc", shortest=1) == "alph<secret>"


def test_an_empty_value_hides_nothing() -> None:
    SecretValue("")
    assert secrecy.hide("text", shortest=1) == "text"


def test_what_may_be_no_secret_is_shown() -> None:
    SecretValue("https://api.example.org", hide=False)
    assert secrecy.hide("https://api.example.org") == "https://api.example.org"


def test_credentials_of_the_environment_are_hidden() -> None:
    secrecy.remember_environment(
        {
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
            "PIP_INDEX_URL": "@".join(("https://user:p4ssw0rd!", "packages.example.org/simple")),
            "HOME": "/home/somebody",
            "SHORT_TOKEN": "1",
        }
    )
    assert secrecy.hide("key wJalrXUtnFEMI/K7MDENG, p4ssw0rd!, 1 in /home/somebody") == (
        "key <secret>, <secret>, 1 in /home/somebody"
    )


def test_forgotten_values_are_shown() -> None:
    SecretValue(SENTINEL)
    secrecy.forget()
    assert secrecy.hide(SENTINEL) == SENTINEL
