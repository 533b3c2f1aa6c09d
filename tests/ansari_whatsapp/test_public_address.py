"""Which address the service takes for its own."""

from __future__ import annotations

import pytest

from ansari_whatsapp.public_address import PublicAddress


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"host": "abc.us-west-2.awsapprunner.com"}, "https://abc.us-west-2.awsapprunner.com"),
        ({"host": "Bot.Example.org:8443"}, "https://bot.example.org:8443"),
        ({"host": "bot.example.org", "x-forwarded-host": "other.example.org"}, "https://bot.example.org"),
        ({"host": "10.0.0.5:8001", "x-forwarded-host": "bot.example.org"}, "https://bot.example.org"),
        ({"host": "ip-10-0-0-5.ec2.internal", "x-forwarded-host": "bot.example.org"}, "https://bot.example.org"),
        ({"host": "bot.example.org", "x-forwarded-proto": "https"}, "https://bot.example.org"),
        ({"host": "bot.example.org", "x-forwarded-proto": "http"}, ""),
        ({"host": "127.0.0.1:8001"}, ""),
        ({"host": "localhost"}, ""),
        ({"host": "bot"}, ""),
        ({"host": "10.0.0.5"}, ""),
        ({"host": "[2001:db8::1]"}, ""),
        ({"host": "user@bot.example.org"}, ""),
        ({"host": "bot.example.org/path"}, ""),
        ({"host": "bot.example.org:80\r\nx"}, ""),
        ({"host": "a" * 64 + ".org"}, ""),
        ({"host": "a." * 130 + "org"}, ""),
        ({"host": "bot.example.org, other.example.org"}, ""),
        ({"host": ""}, ""),
        ({}, ""),
    ],
)
def test_an_address_is_learned_from_a_public_name(headers: dict[str, str], url: str) -> None:
    address = PublicAddress(None, local=False)
    address.learn(headers)
    assert address.url == url


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "localhost:8001", "[::1]:8001"])
def test_a_local_deployment_learns_an_address_of_this_machine(host: str) -> None:
    address = PublicAddress(None, local=True)
    address.learn({"host": host})
    assert address.url == f"http://{host}"
    address.learn({"host": "10.0.0.5"})
    assert address.url == f"http://{host}"


def test_the_latest_address_counts_unless_one_is_configured() -> None:
    learned, configured = PublicAddress(None, local=False), PublicAddress("https://bot.example.org", local=False)
    for host in ("one.example.org", "two.example.org"):
        for address in (learned, configured):
            address.learn({"host": host})
    assert (learned.url, configured.url) == ("https://two.example.org", "https://bot.example.org")
