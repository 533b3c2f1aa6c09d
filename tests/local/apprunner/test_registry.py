"""The registry's protocol on the endpoint: what it takes, and what it refuses. tests/image pushes with a real tool."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import loopback

UNKNOWN = "sha256:" + "0" * 64


@pytest.fixture
def registry(shared: Any) -> Iterator[httpx.Client]:
    """A client that has logged in, and an empty repository."""
    ecr = shared.client("ecr")
    ecr.create_repository(repositoryName="team/one", imageTagMutability="IMMUTABLE")
    [data] = ecr.get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    with httpx.Client(base_url=f"{data['proxyEndpoint']}/v2/", auth=(user, password)) as client:
        yield client
    ecr.delete_repository(repositoryName="team/one", force=True)


def test_nobody_gets_in_without_the_login(registry: httpx.Client) -> None:
    assert registry.get("").status_code == 200
    for auth in (("AWS", "wrong"), ("", "")):
        answer = loopback.get(registry.base_url, auth=auth)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_blob_in_two_parts_can_be_read_again(registry: httpx.Client) -> None:
    digest = "sha256:" + hashlib.sha256(b"one two").hexdigest()
    assert registry.head(f"team/one/blobs/{digest}").status_code == 404
    place = registry.post("team/one/blobs/uploads/").headers["Location"]
    assert registry.patch(place, content=b"one ").headers["Range"] == "0-3"
    assert registry.put(place, content=b"two", params={"digest": digest}).status_code == 201
    assert registry.get(f"team/one/blobs/{digest}").content == b"one two"
    assert registry.put(place, params={"digest": digest}).status_code == 404


def test_a_blob_that_is_not_what_it_says(registry: httpx.Client) -> None:
    place = registry.post("team/one/blobs/uploads/").headers["Location"]
    answer = registry.put(place, content=b"x", params={"digest": UNKNOWN})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "DIGEST_INVALID")
    assert registry.head(f"team/one/blobs/{UNKNOWN}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "nowhere/blobs/uploads/", 404, "NAME_UNKNOWN"),
        ("PUT", "nowhere/manifests/a", 404, "NAME_UNKNOWN"),
        ("GET", "team/one/manifests/a", 404, "MANIFEST_UNKNOWN"),
        ("GET", "team/one/blobs/sha256:abc", 404, "BLOB_UNKNOWN"),
        ("GET", "team/one/blobs/..%2Fx", 404, "UNSUPPORTED"),
        ("PATCH", f"team/one/blobs/uploads/{'0' * 32}", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("DELETE", "team/one/manifests/a", 405, "UNSUPPORTED"),
        ("GET", "team/one/tags", 404, "UNSUPPORTED"),
    ],
)
def test_what_is_not_there(registry: httpx.Client, method: str, path: str, status: int, code: str) -> None:
    content = b'{"schemaVersion": 2}' if method == "PUT" else None
    answer = registry.request(method, path, content=content)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_a_tag_never_moves(registry: httpx.Client) -> None:
    kind = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    first = b'{"schemaVersion": 2, "config": {}, "layers": []}'
    for _ in range(2):
        assert registry.put("team/one/manifests/a", content=first, headers=kind).status_code == 201
    answer = registry.put("team/one/manifests/a", content=first.replace(b"2", b"2 "), headers=kind)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "TAG_INVALID")
    read = registry.get("team/one/manifests/a")
    assert (read.content, read.headers["Content-Type"]) == (first, kind["Content-Type"])
