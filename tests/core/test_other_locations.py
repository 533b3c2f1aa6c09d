"""Where a dotenv file disagrees with the manifest: names are told, values never."""

from __future__ import annotations

from deployer.core.other_locations import dotenv_against
from deployer.core.secret import SecretValue
from deployer.view.other_locations_text import difference_text

LITERALS = {"LOGGING_LEVEL": "DEBUG", "ORIGINS": "x"}
SECRETS = ("APP_SECRET", "TOKEN")


def told(held: dict[str, str] | None = None, **found: str) -> tuple[str, ...]:
    kept = None if held is None else {name: SecretValue(value) for name, value in held.items()}
    differences = dotenv_against({n: SecretValue(v) for n, v in found.items()}, LITERALS, SECRETS, kept)
    return tuple(difference_text(difference, "staging") for difference in differences)


def test_a_file_with_all_of_it_says_nothing() -> None:
    assert told(LOGGING_LEVEL="DEBUG", ORIGINS="x", APP_SECRET="one", TOKEN="two") == ()


def test_each_kind_has_a_line() -> None:
    assert told(LOGGING_LEVEL="hidden-1", APP_SECRET="", OTHER="hidden-2") == (
        ".env lacks: ORIGINS, TOKEN",
        ".env has what the manifest does not name: OTHER",
        ".env has another value than the manifest: LOGGING_LEVEL",
        ".env has no value for the secret: APP_SECRET",
    )


def test_secrets_are_compared_only_when_they_were_read() -> None:
    found = {"LOGGING_LEVEL": "DEBUG", "ORIGINS": "x", "APP_SECRET": "one", "TOKEN": "two"}
    assert told(None, **found) == ()
    assert told({"APP_SECRET": "one", "TOKEN": "two"}, **found) == ()
    assert told({"APP_SECRET": "one", "TOKEN": "three"}, **found) == (".env has another secret than SSM: TOKEN",)
    assert told({}, **found) == ()
