"""INBOX_URL and what it means."""

from __future__ import annotations

import pytest

from ansari_whatsapp.inbox_address import InFile, InTable, parse


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("sqlite:///inbox/inbox.sqlite3", InFile("inbox/inbox.sqlite3")),
        ("sqlite:////data/inbox.sqlite3", InFile("/data/inbox.sqlite3")),
        ("dynamodb://ansari-staging-whatsapp-inbox", InTable("ansari-staging-whatsapp-inbox")),
        ("dynamodb://Table_1.x/?region=eu-central-1", InTable("Table_1.x", "eu-central-1")),
    ],
)
def test_an_address_names_a_file_or_a_table(url: str, address: InFile | InTable) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "inbox.sqlite3",
        "sqlite://inbox.sqlite3",
        "sqlite:///",
        "sqlite:///x?mode=ro",
        "dynamodb://ab",
        "dynamodb://a table",
        "dynamodb://table/more",
        "dynamodb://table?region=here",
        "dynamodb://table?endpoint=http://127.0.0.1",
        "redis://localhost",
    ],
)
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="has to be sqlite:///PATH or dynamodb://TABLE"):
        parse(url)


def test_the_environment_names_the_region_of_a_table_without_one() -> None:
    environ = {"AWS_DEFAULT_REGION": "us-east-1"}
    assert InTable("t").region_in(environ) == "us-east-1"
    assert InTable("t").region_in({**environ, "AWS_REGION": "us-west-2"}) == "us-west-2"
    assert InTable("t", "eu-west-1").region_in(environ) == "eu-west-1"
    assert InTable("t").region_in({}) == ""
