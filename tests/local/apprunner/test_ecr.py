"""Tags, digests and lifecycle policies of the local ECR, as AWS answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

KIND = "application/vnd.oci.image.manifest.v1+json"
REPOSITORY = "tagged"


def manifest(name: str) -> str:
    return json.dumps({"schemaVersion": 2, "mediaType": KIND, "config": {}, "layers": [], "annotations": {"n": name}})


def digest(name: str) -> str:
    return "sha256:" + hashlib.sha256(manifest(name).encode()).hexdigest()


@pytest.fixture
def ecr(shared: Any) -> Iterator[Any]:
    """A client, and an empty repository with immutable tags."""
    client = shared.client("ecr")
    client.create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    yield client
    client.delete_repository(repositoryName=REPOSITORY, force=True)


def put(ecr: Any, name: str, tag: str) -> dict[str, Any]:
    answer = ecr.put_image(repositoryName=REPOSITORY, imageManifest=manifest(name), imageTag=tag)
    return answer["image"]["imageId"]  # type: ignore[no-any-return]


def test_one_image_under_two_tags(ecr: Any) -> None:
    assert put(ecr, "one", "a") == {"imageDigest": digest("one"), "imageTag": "a"}
    assert put(ecr, "one", "b") == {"imageDigest": digest("one"), "imageTag": "b"}
    for image_id in ({"imageTag": "a"}, {"imageTag": "b"}, {"imageDigest": digest("one")}):
        (found,) = ecr.describe_images(repositoryName=REPOSITORY, imageIds=[image_id])["imageDetails"]
        assert (found["imageDigest"], sorted(found["imageTags"])) == (digest("one"), ["a", "b"])
    assert len(ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]) == 1


def test_a_tag_that_is_there_already(ecr: Any) -> None:
    put(ecr, "one", "a")
    put(ecr, "one", "b")
    put(ecr, "two", "c")
    for tag in ("a", "b"):
        with pytest.raises(ecr.exceptions.ImageAlreadyExistsException, match=f"tag '{tag}' already exists"):
            put(ecr, "one", tag)
    for name, tag in (("two", "a"), ("three", "a"), ("one", "c")):
        with pytest.raises(ecr.exceptions.ImageTagAlreadyExistsException, match=f"'{tag}' .* cannot be overwritten"):
            put(ecr, name, tag)
    listed = ecr.list_images(repositoryName=REPOSITORY)["imageIds"]
    assert {image["imageTag"]: image["imageDigest"] for image in listed} == {
        "a": digest("one"),
        "b": digest("one"),
        "c": digest("two"),
    }


def test_images_and_failures_name_what_was_asked_for(ecr: Any) -> None:
    put(ecr, "one", "a")
    put(ecr, "one", "b")
    put(ecr, "two", "c")
    asked = [
        {"imageTag": "nobody"},
        {"imageTag": "a"},
        {"imageDigest": digest("none")},
        {"imageDigest": digest("two")},
        {"imageTag": "b"},
    ]
    answer = ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=asked)
    assert [(image["imageId"]["imageTag"], image["imageId"]["imageDigest"]) for image in answer["images"]] == [
        ("a", digest("one")),
        ("c", digest("two")),
        ("b", digest("one")),
    ]
    assert [image["imageManifest"] for image in answer["images"]] == [manifest(n) for n in ("one", "two", "one")]
    assert {image["imageManifestMediaType"] for image in answer["images"]} == {KIND}
    assert [(failure["imageId"], failure["failureCode"]) for failure in answer["failures"]] == [
        ({"imageTag": "nobody"}, "ImageNotFound"),
        ({"imageDigest": digest("none")}, "ImageNotFound"),
    ]


def test_an_image_that_cannot_be_put(ecr: Any) -> None:
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException, match="nowhere"):
        ecr.put_image(repositoryName="nowhere", imageManifest=manifest("one"), imageTag="a")
    for text in ("no json", "[]"):
        with pytest.raises(ecr.exceptions.InvalidParameterException, match="imageManifest"):
            ecr.put_image(repositoryName=REPOSITORY, imageManifest=text, imageTag="a")


def test_a_lifecycle_policy_comes_back_as_it_was_put(ecr: Any) -> None:
    with pytest.raises(ecr.exceptions.LifecyclePolicyNotFoundException):
        ecr.get_lifecycle_policy(repositoryName=REPOSITORY)
    selections: list[dict[str, Any]] = [
        {"tagStatus": "tagged", "tagPrefixList": ["deployed-staging-", "deployed-local-"]},
        {"tagStatus": "tagged", "tagPrefixList": ["deployed-production-"]},
        {"tagStatus": "any"},
    ]
    count = {"countType": "imageCountMoreThan", "countNumber": 30}
    rules = [
        {
            "rulePriority": number,
            "description": "keep",
            "selection": {**selection, **count},
            "action": {"type": "expire"},
        }
        for number, selection in enumerate(selections, 1)
    ]
    text = json.dumps({"rules": rules}, indent=1)
    assert ecr.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=text)["lifecyclePolicyText"] == text
    assert ecr.get_lifecycle_policy(repositoryName=REPOSITORY)["lifecyclePolicyText"] == text
    with pytest.raises(ecr.exceptions.InvalidParameterException):
        ecr.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=text.replace("expire", "keep"))
    assert ecr.get_lifecycle_policy(repositoryName=REPOSITORY)["lifecyclePolicyText"] == text
