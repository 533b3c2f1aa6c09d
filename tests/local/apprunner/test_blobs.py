"""ecr:GetDownloadUrlForLayer and what is behind its URL."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from deployer.world_keys import seal

CONFIG, LAYER, MANIFEST = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("config", "layer", "manifest"))


@pytest.fixture
def ecr(shared: Any) -> Iterator[Any]:
    """A client, and an empty repository."""
    client = shared.client("ecr")
    client.create_repository(repositoryName="blobs/one", imageTagMutability="IMMUTABLE")
    yield client
    client.delete_repository(repositoryName="blobs/one", force=True)


def put(shared: Any, ecr: Any, tag: str, config: dict[str, str], layer: bytes = b"layer") -> str:
    """An image in the repository; its manifest as it was put."""
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": shared.blob(CONFIG, json.dumps(config).encode()),
            "layers": [shared.blob(LAYER, layer)],
        },
        indent=1,
    )
    ecr.put_image(repositoryName="blobs/one", imageManifest=manifest, imageManifestMediaType=MANIFEST, imageTag=tag)
    return manifest


def read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- http
        content: bytes = answer.read()
        assert int(answer.headers["Content-Length"]) == len(content)
        return content


def test_the_configuration_of_an_image_can_be_read_by_its_tag(shared: Any, ecr: Any) -> None:
    wanted = {"os": "linux", "architecture": "arm64"}
    manifest = put(shared, ecr, "v1", wanted)
    put(shared, ecr, "v2", {**wanted, "architecture": "amd64"})
    (image,) = ecr.batch_get_image(repositoryName="blobs/one", imageIds=[{"imageTag": "v1"}])["images"]
    assert image["imageManifest"] == manifest
    assert image["imageManifestMediaType"] == MANIFEST
    assert image["imageId"]["imageDigest"] == "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
    digest = json.loads(manifest)["config"]["digest"]
    answer = ecr.get_download_url_for_layer(repositoryName="blobs/one", layerDigest=digest)
    assert answer["layerDigest"] == digest
    assert answer["downloadUrl"].startswith(shared.endpoint.url)
    assert json.loads(read(answer["downloadUrl"])) == wanted
    layer = json.loads(manifest)["layers"][0]["digest"]
    assert read(ecr.get_download_url_for_layer(repositoryName="blobs/one", layerDigest=layer)["downloadUrl"]) == (
        b"layer"
    )


def test_a_blob_of_another_repository_of_nobody_and_of_no_storage(shared: Any, ecr: Any) -> None:
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException, match="blobs/none"):
        ecr.get_download_url_for_layer(repositoryName="blobs/none", layerDigest="sha256:" + "0" * 64)
    foreign = shared.blob(LAYER, b"of nobody here")["digest"]
    lost = json.loads(put(shared, ecr, "v1", {"os": "linux"}, b"soon lost"))["layers"][0]["digest"]
    (shared.images / "blobs" / "sha256" / lost[7:]).unlink()
    for digest in (foreign, lost, "sha256:" + "0" * 64, "md5:00", "sha256:abc"):
        with pytest.raises(ecr.exceptions.LayersNotFoundException, match=digest):
            ecr.get_download_url_for_layer(repositoryName="blobs/one", layerDigest=digest)


def upload(ecr: Any, content: bytes, digest: str) -> None:
    """Upload a layer in two parts, with the calls of the ECR API."""
    started = ecr.initiate_layer_upload(repositoryName="blobs/one")
    upload, half = {"repositoryName": "blobs/one", "uploadId": started["uploadId"]}, len(content) // 2
    parts = ((0, content[:half]), (half, content[half:]))
    for first, part in parts:
        last = first + len(part) - 1
        ecr.upload_layer_part(**upload, partFirstByte=first, partLastByte=last, layerPartBlob=part)
    ecr.complete_layer_upload(**upload, layerDigests=[digest])


def test_a_layer_that_was_uploaded_can_be_read_when_an_image_has_it(shared: Any, ecr: Any) -> None:
    content = b"a layer that was uploaded"
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    upload(ecr, content, digest)
    with pytest.raises(ecr.exceptions.LayerInaccessibleException, match="not associated with an image"):
        ecr.get_download_url_for_layer(repositoryName="blobs/one", layerDigest=digest)
    layer = {"mediaType": LAYER, "digest": digest, "size": len(content)}
    text = {"schemaVersion": 2, "mediaType": MANIFEST, "config": shared.blob(CONFIG, b"{}"), "layers": [layer]}
    ecr.put_image(repositoryName="blobs/one", imageManifest=json.dumps(text), imageTag="uploaded")
    assert (
        read(ecr.get_download_url_for_layer(repositoryName="blobs/one", layerDigest=digest)["downloadUrl"]) == content
    )


def test_an_uploaded_layer_has_the_digest_that_is_named(ecr: Any) -> None:
    with pytest.raises(ecr.exceptions.InvalidLayerException, match="does not match the digest specified"):
        upload(ecr, b"a layer", "sha256:" + "0" * 64)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"no json", "must be an object"),
        (b"{}", "layerDigest is required"),
        (b'{"layerDigest": "?"}', "does not match"),
    ],
)
def test_no_request(shared: Any, body: bytes, told: str) -> None:
    status, answer = shared.post(
        body, service="ecr", X_Amz_Target="AmazonEC2ContainerRegistry_V20150921.GetDownloadUrlForLayer"
    )
    assert (status, answer["__type"]) == (400, "InvalidParameterException")
    assert told in answer["message"]


@pytest.mark.parametrize("name", ["", "nonsense", "sha256:", "sha256:..%2F..%2Foci-layout", "sha256:" + "0" * 64])
def test_only_blobs_are_served(shared: Any, name: str) -> None:
    shared.blob(LAYER, b"makes the folder")
    (shared.images / "oci-layout").write_text("{}")
    with pytest.raises(urllib.error.HTTPError) as refused:
        read(f"{shared.endpoint.url}/_local/blobs/{name}?seal={seal(shared.endpoint.keys.token, unquote(name))}")
    assert refused.value.code == 404
    refused.value.close()


def test_a_blob_cannot_be_written(shared: Any) -> None:
    digest = shared.blob(LAYER, b"written once")["digest"]
    url = f"{shared.endpoint.url}/_local/blobs/{digest}?seal={seal(shared.endpoint.keys.token, digest)}"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, b"", method="PUT"), timeout=10)  # noqa: S310 -- http
    assert refused.value.code == 405
    refused.value.close()
    assert read(url) == b"written once"


def test_a_blob_is_read_by_the_address_that_was_given_for_it(shared: Any) -> None:
    first, other = (shared.blob(LAYER, content)["digest"] for content in (b"the one", b"the other"))
    for query in ("", "?seal=", f"?seal={seal(shared.endpoint.keys.token, other)}"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            read(f"{shared.endpoint.url}/_local/blobs/{first}{query}")
        assert refused.value.code == 403
        refused.value.close()
