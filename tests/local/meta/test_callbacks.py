"""Three levels of callbacks: of the number, of the account, of the app.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from aiohttp import web

from tests.local.meta.conftest import NUMBER, SECRET, Meta, Receiver
from tests.local.meta.conftest import TOKEN as USERS_TOKEN
from tests.serving import serving_apps

ACCOUNT, APP = "100000000000001", "100000000000002"
TOKEN = "the-verify-token"
Other = tuple[str, Receiver]


@pytest.fixture
def others() -> Iterator[list[Other]]:
    """Two more services, with their callbacks."""
    made: list[Other] = []
    with ExitStack() as stack:
        for _ in range(2):
            receiver, app = Receiver(), web.Application()
            app.add_routes([web.post("/other", receiver.post), web.get("/other", receiver.get)])
            [url] = stack.enter_context(serving_apps(app))
            made.append((f"{url}/other", receiver))
        yield made


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def override_number(meta: Meta, url: str, token: str = TOKEN) -> httpx.Response:
    configuration = {"override_callback_uri": url, "verify_token": token}
    return meta.graph.post(f"/v26.0/{NUMBER}", json={"webhook_configuration": configuration})


def override_account(meta: Meta, url: str, token: str = TOKEN) -> httpx.Response:
    return meta.graph.post(
        f"/v26.0/{ACCOUNT}/subscribed_apps", json={"override_callback_uri": url, "verify_token": token}
    )


def subscribe(meta: Meta, url: str, token: str = f"{APP}|{SECRET}") -> httpx.Response:
    form = {"object": "whatsapp_business_account", "callback_url": url, "verify_token": TOKEN, "fields": "messages"}
    return meta.graph.post(f"/v26.0/{APP}/subscriptions", data=form, headers=bearing(token))


def configured(meta: Meta) -> dict[str, str]:
    answer = meta.graph.get(f"/v26.0/{NUMBER}", params={"fields": "webhook_configuration"}).json()
    assert answer["id"] == NUMBER
    urls = answer["webhook_configuration"]
    assert isinstance(urls, dict)
    return urls


def test_the_nearest_callback_wins(meta: Meta, others: list[Other]) -> None:
    (of_account, account), (of_number, number) = others
    of_app = configured(meta)["application"]
    assert override_account(meta, of_account).json() == {"success": True}
    meta.say("to the account's")
    assert override_number(meta, of_number).json() == {"success": True}
    meta.say("to the number's")
    assert configured(meta) == {
        "phone_number": of_number,
        "whatsapp_business_account": of_account,
        "application": of_app,
    }
    assert override_number(meta, "", "").json() == {"success": True}
    meta.say("to the account's again")
    assert meta.graph.post(f"/v26.0/{ACCOUNT}/subscribed_apps").json() == {"success": True}
    meta.say("to the app's")
    texts = [[each["text"]["body"] for each in one.of("messages")] for one in (number, account, meta.receiver)]
    assert texts == [["to the number's"], ["to the account's", "to the account's again"], ["to the app's"]]
    assert configured(meta) == {"application": of_app}


def test_only_some_fields_follow_an_override(meta: Meta, others: list[Other]) -> None:
    [(url, other), _] = others
    assert override_number(meta, url).status_code == 200
    for name in ("message_template_status_update", "account_update", "messages", "history"):
        meta.local.post("/_local/webhook", json={"value": {}, "field": name})
    fields = [
        [each.payload["entry"][0]["changes"][0]["field"] for each in one.webhooks] for one in (other, meta.receiver)
    ]
    assert fields == [["messages", "history"], ["message_template_status_update", "account_update"]]


def test_statuses_follow_an_override(meta: Meta, others: list[Other]) -> None:
    [(url, other), _] = others
    assert override_number(meta, url).status_code == 200
    meta.say()
    assert meta.send().status_code == 200
    meta.until(lambda: len(other.of("statuses")) == 3)
    assert meta.receiver.of("statuses") == []


def test_a_webhook_that_was_not_taken_goes_where_the_callback_is_then(meta: Meta, others: list[Other]) -> None:
    [(url, other), _] = others
    meta.receiver.answers += [503, 503, 503]
    said = meta.say()
    assert override_number(meta, url).status_code == 200
    meta.until(lambda: other.of("messages"))
    assert [each["id"] for each in other.of("messages")] == [said["wamid"]]


@pytest.mark.parametrize("answers", [False, True], ids=["another token", "nothing there"])
def test_a_callback_that_fails_the_challenge_is_refused_and_the_old_one_stays(
    meta: Meta, others: list[Other], answers: bool
) -> None:
    [(good, _), (url, receiver)] = others
    assert override_number(meta, good).status_code == 200
    before = configured(meta)
    receiver.verify_token = "another"
    bad = "http://127.0.0.1:9/none" if answers else url
    refusals = [override_number(meta, bad), override_account(meta, bad), subscribe(meta, bad)]
    assert [(each.status_code, each.json()["error"]["code"]) for each in refusals] == [(400, 2200)] * 3
    assert configured(meta) == before


def test_the_apps_own_callback_is_set_with_the_apps_token(meta: Meta, others: list[Other]) -> None:
    [(url, other), _] = others
    assert subscribe(meta, url, USERS_TOKEN).json()["error"]["code"] == 190
    assert subscribe(meta, url).json() == {"success": True}
    [told] = meta.graph.get(f"/v26.0/{APP}/subscriptions", headers=bearing(f"{APP}|{SECRET}")).json()["data"]
    assert (told["callback_url"], told["object"]) == (url, "whatsapp_business_account")
    meta.say("hello")
    assert len(other.of("messages")) == 1


@pytest.mark.parametrize(
    "configuration",
    [
        None,
        "x",
        {"verify_token": TOKEN},
        {"override_callback_uri": 5, "verify_token": TOKEN},
        {"override_callback_uri": "https://example.com/x", "verify_token": TOKEN},
        {"override_callback_uri": "http://192.0.2.1/x", "verify_token": TOKEN},
        {"override_callback_uri": "http://127.0.0.1/" + "x" * 200, "verify_token": TOKEN},
        {"override_callback_uri": "http://127.0.0.1:9/x"},
    ],
)
def test_what_is_no_callback_is_refused(meta: Meta, configuration: Any) -> None:
    answer = meta.graph.post(f"/v26.0/{NUMBER}", json={"webhook_configuration": configuration})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)
    assert list(configured(meta)) == ["application"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v26.0/1"),
        ("POST", "/v26.0/1"),
        ("GET", f"/v26.0/{NUMBER}/subscribed_apps"),
        ("POST", "/v26.0/1/subscribed_apps"),
        ("GET", "/v26.0/1/subscriptions"),
    ],
)
def test_an_object_that_is_not_there_is_refused(meta: Meta, method: str, path: str) -> None:
    answer = meta.graph.request(method, path, json={})
    assert (answer.status_code, answer.json()["error"]["error_subcode"]) == (400, 33)


def test_without_the_access_token_nothing_is_read_or_set(meta: Meta, others: list[Other]) -> None:
    meta.graph.headers["Authorization"] = "Bearer x"
    answers = [override_number(meta, others[0][0]), override_account(meta, others[0][0])]
    answers += [meta.graph.get(f"/v26.0/{NUMBER}"), meta.graph.get(f"/v26.0/{ACCOUNT}/subscribed_apps")]
    assert [answer.json()["error"]["code"] for answer in answers] == [190] * 4
