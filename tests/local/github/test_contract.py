"""The local GitHub behaves as GitHub's REST reference says, over real HTTP.

https://docs.github.com/en/rest: repos, deployments/environments, deployments/branch-policies, actions/variables,
actions/secrets, using-the-rest-api/rate-limits-for-the-rest-api, .../using-pagination-in-the-rest-api
"""

from __future__ import annotations

import base64

import httpx
import pytest
from nacl.public import PrivateKey, PublicKey, SealedBox

from tests.local.github.conftest import CONTROLS, READER, REPOSITORY, STAGING, Running

CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


def sealed(client: httpx.Client, text: str) -> dict[str, str]:
    key = client.get(f"{STAGING}/secrets/public-key").json()
    assert set(key) == {"key_id", "key"}
    box = SealedBox(PublicKey(base64.b64decode(key["key"]))).encrypt(text.encode())
    return {"encrypted_value": base64.b64encode(box).decode(), "key_id": key["key_id"]}


def test_a_repository_has_its_numbers(client: httpx.Client) -> None:
    found = client.get("/repos/Some-Owner/SOME-repository").json()
    assert found["full_name"] == "some-owner/some-repository"
    assert found["id"] != found["owner"]["id"]
    assert client.get(REPOSITORY).json()["id"] == found["id"]


def test_who_asks_has_to_say_so(client: httpx.Client) -> None:
    for headers, message in (
        ({"Authorization": "Bearer other"}, "Bad credentials"),
        ({"Authorization": ""}, "Requires"),
    ):
        answer = client.get(REPOSITORY, headers=headers)
        assert answer.status_code == 401
        assert message in answer.json()["message"]
    assert client.get(REPOSITORY, headers={"User-Agent": ""}).status_code == 403
    assert client.get(REPOSITORY, headers={"X-GitHub-Api-Version": "1999-01-01"}).status_code == 400


def test_what_is_not_there_is_404(client: httpx.Client) -> None:
    for path in (
        "/repos/some-owner/other",
        f"{REPOSITORY}/environments/production",
        f"{REPOSITORY}/environments/production/variables",
        f"{STAGING}/variables/NONE",
        f"{STAGING}/secrets/NONE",
        "/nonsense",
    ):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["message"] == "Not Found"


def test_a_right_that_is_missing_is_named(client: httpx.Client) -> None:
    answer = client.post(
        f"{STAGING}/variables", json={"name": "A", "value": "x"}, headers={"Authorization": f"Bearer {READER}"}
    )
    assert answer.status_code == 403
    assert answer.headers["X-Accepted-GitHub-Permissions"] == "environments=write"
    assert client.get(f"{STAGING}/variables").json()["total_count"] == 0


def test_an_environment_is_made_and_set_as_a_whole(client: httpx.Client) -> None:
    reviewers = [{"type": "Team", "id": 7}]
    body = {"wait_timer": 30, "prevent_self_review": True, "reviewers": reviewers, "deployment_branch_policy": CUSTOM}
    assert client.put(STAGING, json=body).status_code == 200
    found = client.get(STAGING).json()
    assert found["deployment_branch_policy"] == CUSTOM
    rules = {rule["type"]: rule for rule in found["protection_rules"]}
    assert rules["wait_timer"]["wait_timer"] == 30
    assert rules["required_reviewers"]["prevent_self_review"] is True
    assert rules["required_reviewers"]["reviewers"] == [{"type": "Team", "reviewer": {"id": 7}}]
    assert client.put(STAGING, json={"deployment_branch_policy": None}).json()["protection_rules"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": True}},
        {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": False}},
        {"wait_timer": 43_201},
        {"reviewers": [{"type": "User", "id": number} for number in range(7)]},
    ],
)
def test_an_environment_that_cannot_be_is_422(client: httpx.Client, body: object) -> None:
    assert client.put(STAGING, json=body).status_code == 422


def test_branches_are_patterns_of_an_environment_that_has_them(client: httpx.Client) -> None:
    path = f"{STAGING}/deployment-branch-policies"
    assert client.post(path, json={"name": "main"}).status_code == 404
    client.put(STAGING, json={"deployment_branch_policy": CUSTOM})
    made = client.post(path, json={"name": "main"})
    assert (made.status_code, made.json()["type"]) == (200, "branch")
    assert client.post(path, json={"name": "main"}).status_code == 303
    assert client.post(path, json={"name": "v*", "type": "tag"}).status_code == 200
    assert client.post(path, json={}).status_code == 422
    listed = client.get(path).json()
    assert [one["name"] for one in listed["branch_policies"]] == ["main", "v*"]
    assert client.delete(f"{path}/{made.json()['id']}").status_code == 204
    assert client.delete(f"{path}/{made.json()['id']}").status_code == 404


def test_a_variable_is_made_changed_and_removed(running: Running, client: httpx.Client) -> None:
    path = f"{STAGING}/variables"
    assert client.post(path, json={"name": "logging_level", "value": "DEBUG"}).status_code == 201
    again = client.post(path, json={"name": "LOGGING_LEVEL", "value": "INFO"})
    assert again.status_code == 409
    running.clock.now += 60
    assert client.patch(f"{path}/LOGGING_LEVEL", json={"value": "INFO"}).status_code == 204
    found = client.get(f"{path}/LOGGING_LEVEL").json()
    assert (found["name"], found["value"]) == ("LOGGING_LEVEL", "INFO")
    assert (found["created_at"], found["updated_at"]) == ("2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z")
    assert client.patch(f"{path}/NONE", json={"value": "x"}).status_code == 404
    assert [client.delete(f"{path}/LOGGING_LEVEL").status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize(
    ("name", "value"), [("GITHUB_X", "x"), ("1X", "x"), ("A B", "x"), ("A", "x" * 49153), ("A", "")]
)
def test_a_variable_that_cannot_be_is_422(client: httpx.Client, name: str, value: str) -> None:
    assert client.post(f"{STAGING}/variables", json={"name": name, "value": value}).status_code == 422
    assert client.post(f"{STAGING}/variables", content=b"{").status_code == 400


def test_an_environment_takes_a_hundred_variables_and_lists_them_by_pages(client: httpx.Client) -> None:
    path = f"{STAGING}/variables"
    for number in range(100):
        assert client.post(path, json={"name": f"V{number:03}", "value": "x"}).status_code == 201
    assert client.post(path, json={"name": "ONE_MORE", "value": "x"}).status_code == 422
    assert len(client.get(path).json()["variables"]) == 10
    page = client.get(path, params={"per_page": 100})
    assert (page.json()["total_count"], len(page.json()["variables"])) == (100, 30)
    seen = [one["name"] for one in page.json()["variables"]]
    while "next" in page.links:
        page = client.get(page.links["next"]["url"])
        seen += [one["name"] for one in page.json()["variables"]]
    assert seen == [f"V{number:03}" for number in range(100)]
    assert set(page.links) == {"prev", "first"}
    assert client.get(path, params={"page": 99}).json()["variables"] == []


def test_a_secret_comes_in_a_sealed_box_and_is_never_shown(running: Running, client: httpx.Client) -> None:
    path = f"{STAGING}/secrets/APP_SECRET"
    assert client.put(path, json=sealed(client, "s3cret-ä")).status_code == 201
    running.clock.now += 60
    assert client.put(path, json=sealed(client, "s3cret-ä")).status_code == 204
    found = client.get(path).json()
    assert found == {
        "name": "APP_SECRET",
        "created_at": "2027-01-15T08:00:00Z",
        "updated_at": "2027-01-15T08:01:00Z",
    }
    assert client.get(f"{STAGING}/secrets").json()["secrets"] == [found]
    opened = client.get("/_control/secrets/some-owner/some-repository/staging", headers=CONTROLS).json()
    assert opened == {"APP_SECRET": "s3cret-ä"}
    assert [client.delete(path).status_code for _ in range(2)] == [204, 404]


def test_a_box_that_the_key_does_not_open_is_422(client: httpx.Client) -> None:
    path, good = f"{STAGING}/secrets/APP_SECRET", sealed(client, "x")
    strange = base64.b64encode(SealedBox(PrivateKey.generate().public_key).encrypt(b"x")).decode()
    for body in (
        {**good, "encrypted_value": strange},
        {**good, "encrypted_value": "not base64"},
        {**good, "key_id": "0"},
        {"key_id": good["key_id"]},
        sealed(client, "x" * 49153),
    ):
        assert client.put(path, json=body).status_code == 422
    assert client.get(f"{STAGING}/secrets").json()["total_count"] == 0


def test_what_is_unchanged_is_304(client: httpx.Client) -> None:
    path = f"{STAGING}/variables"
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    client.post(path, json={"name": "A", "value": "x"})
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_who_asks_too_often_has_to_wait(hurried: Running) -> None:
    left = [hurried.client.get(REPOSITORY).headers["X-RateLimit-Remaining"] for _ in range(3)]
    refused = hurried.client.get(REPOSITORY)
    assert refused.status_code == 403
    assert "rate limit" in refused.json()["message"]
    assert (left, refused.headers["X-RateLimit-Remaining"]) == (["2", "1", "0"], "0")
    hurried.clock.now = float(refused.headers["X-RateLimit-Reset"]) + 1
    assert hurried.client.get(REPOSITORY).status_code == 200


def test_switches_make_it_fail(running: Running, client: httpx.Client) -> None:
    running.faults(limit={"status": 429, "retry_after": 7, "times": 1}, fail={"status": 502, "call": "list-secrets"})
    limited = client.get(REPOSITORY)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert client.get(REPOSITORY).status_code == 200
    assert client.get(f"{STAGING}/secrets").status_code == 502


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/_control/faults"),
        ("POST", "/_control/tokens"),
        ("GET", "/_control/record"),
        ("GET", "/_control/secrets/some-owner/some-repository/staging"),
    ],
)
def test_a_control_route_takes_the_token_of_the_world(client: httpx.Client, method: str, path: str) -> None:
    """That of GitHub is not it."""
    assert client.request(method, path, json={}).status_code == 401
