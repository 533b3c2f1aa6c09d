"""Credentials are known by their shape, ordinary values are not taken for them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.credential_shapes import SHAPES, without_shapes
from deployer.manifest.credentials import credential_in
from deployer.manifest.load import LoadedManifest
from deployer.manifest.problem import Problem

# Made up, and cut in two so that no scanner of repositories takes this file for a leak.
CREDENTIALS = {
    "an AWS access key": ["AKIA" + "IOSFODNN7EXAMPLE", "id=ASIA" + "IOSFODNN7EXAMPLE;"],
    "a Meta access token": ["EAA" + "GmZ0pYb4k2BAO7dW1xq9VZC8"],
    "a private key": ["-----BEGIN " + "RSA PRIVATE KEY-----", "-----BEGIN " + "PRIVATE KEY-----"],
    "a GitHub token": ["ghp_" + "a1B2" * 9, "github_pat_" + "11ABCDE0" * 4],
    "a Slack token": ["xoxb" + "-123456789012-abcdefGHIJKL"],
    "a Slack webhook": ["https://hooks." + "slack.com/services/T000/B000/XXXXXXXX"],
    "an API key": ["sk-" + "proj-abcdefghijklmnopqrstuv", "sk_" + "live_abcdefghijklmnopqrstuv"],
    "a Google API key": ["AIza" + "SyA1234567890abcdefghijklmnopqrstuv"],
    "a signed token (JWT)": ["eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"],
    "an Authorization header": ["Bearer " + "abcdefghijklmnop1234"],
    "an address with a password in it": ["mongodb://user:" + "hunter2@db.example.org/x", "redis://:" + "pw@h"],
}


@pytest.mark.parametrize(("what", "text"), [(what, text) for what, texts in CREDENTIALS.items() for text in texts])
def test_a_credential_is_refused_and_never_shown(
    refused: Callable[..., tuple[Problem, ...]], what: str, text: str
) -> None:
    (problem,) = refused(("value: DEBUG", f'value: "{text}"'))

    assert problem.what == f"this literal looks like {what}"
    assert "just secret set staging logging-level" in problem.fix
    assert text not in str(problem)
    assert "value: ***" in problem.source


@pytest.mark.parametrize("name", ["api-key", "access-token", "app-secret", "db-password", "login-credentials"])
@pytest.mark.parametrize(
    "text", ["9f86d081884c7d659a2feaa0c55ad015", "q7Xw2PzL9vRt4KcN8mBd", "c2VjcmV0LXZhbHVlLTEyMw=="]
)
def test_a_random_text_below_a_telling_name_is_one(name: str, text: str) -> None:
    assert credential_in(text, name=name) == "a random key"
    assert credential_in(text, name="git-commit") is None


@pytest.mark.parametrize("text", ["q7Xw2PzL9vRt4KcN8mBdQ7Xw2PzL9vRt4KcN8m", "c2VjcmV0LXZhbHVl/LTEyMw+ZJq81Xb3KwP0=="])
def test_a_long_text_of_all_letters_is_a_key_under_any_name(text: str) -> None:
    assert credential_in(text, name="origins") == "a random key"


def test_nearly_every_random_key_is_recognised() -> None:
    keys = [base64.b64encode(hashlib.sha256(str(number).encode()).digest()).decode() for number in range(500)]
    keys += [base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()).decode().rstrip("=") for key in keys]
    assert sum(credential_in(key) is not None for key in keys) > 0.95 * len(keys)


@pytest.mark.parametrize("name", ["password", "smtp-password", "client-secret", "db_passwd", "credentials"])
@pytest.mark.parametrize("text", ["hunter2hunter2", "correct-horse-battery", "iloveyou"])
def test_a_simple_text_below_the_name_of_a_password_is_one(name: str, text: str) -> None:
    assert credential_in(text, name=name) == "a password"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("use-password", "disabled"),
        ("client-secret", "12345678"),
        ("client-secret", "/run/secrets/client"),
        ("password-policy", "at-least-twelve-characters"),
        ("secret-rotation-days", "ninety-days"),
        ("trace-id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("service-name", "Ansari-Whatsapp-Service-2-of-Staging-Env"),
        ("cron", "0-15-30-45-AM-PM-mon-tue-wed-thu-fri"),
        ("version", "2026-11-29T09-04-00Z-build-1234-of-main"),
        ("class-path", "org/example/Whatsapp/Service2/Handler"),
        ("id", "550e8400-e29b-41d4-a716-446655440000"),
        ("backend-server-url", "https://staging-api.ansari.chat"),
        ("backend-server-url", "http://127.0.0.1:8000"),
        ("link", "https://example.org/@someone:x"),
        ("secret-backend-url", "https://vault.example.org:8200/v1/path/of/things-2024"),
        ("token-limit", "4096"),
        ("key-order", "first-come-first-served"),
        ("monkey-business", "9f86d081884c7d659a2feaa0c55ad015"),
        ("commit", "d670460b4b4aece5915caf5c68d12f560a9fe3e4"),
        ("contact", "someone@example.org"),
        ("skill", "sk-short"),
        ("greeting", "Basic things are explained here"),
    ],
)
def test_an_ordinary_value_is_none(name: str, text: str) -> None:
    assert credential_in(text, name=name) is None


def test_a_credential_in_a_description_is_refused_too(refused: Callable[..., tuple[Problem, ...]]) -> None:
    token = CREDENTIALS["a Meta access token"][0]
    (problem,) = refused(("generate: 32", f'generate: 32, description: "it was {token}"'))

    assert problem.what == "this description looks like a Meta access token"
    assert token not in str(problem)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:ssm:us-west-2:123456789012:parameter/app-runtime/ansari-whatsapp/staging/origins",
        "arn:aws:secretsmanager:us-west-2:123456789012:secret:x-AbCdEf",
        "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/a/b",
    ],
)
def test_the_arn_of_a_parameter_is_no_literal(refused: Callable[..., tuple[Problem, ...]], arn: str) -> None:
    (problem,) = refused(("value: DEBUG", f"value: {arn}"))

    assert problem.what == "this literal is the ARN of a parameter or secret"
    assert "it would get the ARN, not the value behind it" in problem.why


def test_other_arns_are_ordinary_values(read: Callable[..., LoadedManifest]) -> None:
    assert read(("value: DEBUG", "value: arn:aws:sqs:us-west-2:123456789012:inbox"))


@pytest.mark.parametrize(("what", "words", "shape"), SHAPES)
@given(data=st.data())
@settings(max_examples=25)
def test_what_is_looked_for_first_is_in_every_credential_of_a_shape(
    what: str, words: tuple[str, ...], shape: str, data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(shape, fullmatch=True))

    assert any(word in text.casefold() for word in words)
    assert credential_in(text) is not None


@pytest.mark.parametrize(("what", "text"), [(what, text) for what, texts in CREDENTIALS.items() for text in texts])
def test_a_credential_is_cut_out_of_a_text_whole(what: str, text: str) -> None:
    end = "\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----" if what == "a private key" else ""
    assert len(without_shapes(f"before {text}{end} after", "<secret>")) < len("before <secret> after") + 25
    assert credential_in(without_shapes(f"before {text}{end} after", "<secret>")) is None
    assert "MIIE" not in without_shapes(f"{text}{end}", "")


def test_an_ordinary_text_is_left_whole() -> None:
    text = "AWS refused ssm:PutParameter on arn:aws:ssm:us-west-2:123456789012:parameter/a/b, see https://example.org:443/x"
    assert without_shapes(text, "<secret>") == text
