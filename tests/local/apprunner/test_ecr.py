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


@pytest.fixture
def seven(ecr: Any) -> Any:
    """A client, and a repository with three tagged images, one of them under two tags, and three untagged ones."""
    for number in range(3):
        put(ecr, f"tagged-{number}", f"tag-{number}")
        ecr.put_image(repositoryName=REPOSITORY, imageManifest=manifest(f"untagged-{number}"))
    put(ecr, "tagged-0", "second")
    return ecr


def paged(ask: Any, key: str, **request: Any) -> list[list[Any]]:
    """The pages of a list, by the tokens of its answers."""
    found: list[list[Any]] = []
    more: dict[str, str] = {}
    while True:
        answer = ask(**request, **more)
        found.append(answer[key])
        if "nextToken" not in answer:
            return found
        more = {"nextToken": answer["nextToken"]}


def test_lists_come_in_pages_of_the_size_that_is_asked_for(seven: Any) -> None:
    for ask, key, count in ((seven.list_images, "imageIds", 7), (seven.describe_images, "imageDetails", 6)):
        whole = ask(repositoryName=REPOSITORY)
        assert len(whole[key]) == count
        assert "nextToken" not in whole
        pages = paged(ask, key, repositoryName=REPOSITORY, maxResults=4)
        assert [len(page) for page in pages] == [4, count - 4]
        assert [one for page in pages for one in page] == whole[key]


def test_images_are_filtered_by_their_tags(seven: Any) -> None:
    def digests(ask: Any, key: str, **wanted: str) -> set[str]:
        pages = paged(ask, key, repositoryName=REPOSITORY, filter=wanted, maxResults=2)
        return {one["imageDigest"] for page in pages for one in page}

    tagged = {digest(f"tagged-{number}") for number in range(3)}
    untagged = {digest(f"untagged-{number}") for number in range(3)}
    for ask, key in ((seven.list_images, "imageIds"), (seven.describe_images, "imageDetails")):
        assert digests(ask, key, tagStatus="TAGGED") == tagged
        assert digests(ask, key, tagStatus="UNTAGGED") == untagged
        assert digests(ask, key, tagStatus="ANY") == tagged | untagged
        assert digests(ask, key, tagStatus="TAGGED", imageStatus="ACTIVE") == tagged
        assert digests(ask, key, imageStatus="ARCHIVED") == set()
    assert all(
        "imageTags" in one
        for one in seven.describe_images(repositoryName=REPOSITORY, filter={"tagStatus": "TAGGED"})["imageDetails"]
    )


def test_repositories_come_in_pages(ecr: Any) -> None:
    names = [f"of-pages/{number}" for number in range(3)]
    for name in names:
        ecr.create_repository(repositoryName=name)
    try:
        pages = paged(ecr.describe_repositories, "repositories", maxResults=2)
        assert max(len(page) for page in pages) == 2
        assert {*names, REPOSITORY} <= {one["repositoryName"] for page in pages for one in page}
        named = ecr.describe_repositories(repositoryNames=names[:2])["repositories"]
        assert {one["repositoryName"] for one in named} == set(names[:2])
    finally:
        for name in names:
            ecr.delete_repository(repositoryName=name)


@pytest.mark.parametrize(
    "request_",
    [
        {"imageIds": [{"imageTag": "second"}], "maxResults": 1},
        {"imageIds": [{"imageTag": "second"}], "nextToken": "x"},
        {"nextToken": "x"},
        {"nextToken": "ZnJvbSA5OQ=="},
        {"maxResults": 1001},
        {"filter": {"tagStatus": "NEITHER"}},
    ],
)
def test_a_page_that_cannot_be_asked_for(seven: Any, request_: dict[str, Any]) -> None:
    with pytest.raises(seven.exceptions.InvalidParameterException):
        seven.describe_images(repositoryName=REPOSITORY, **request_)
