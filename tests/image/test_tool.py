"""The command lines of docker, podman and buildah, and what is read from what they say."""

from __future__ import annotations

import itertools

import pytest

from deployer.image.context import public_address
from deployer.image.tool import (
    TOOLS,
    Build,
    Registry,
    build_command,
    index_file,
    login_command,
    meaning,
    platform_command,
    push_commands,
    pushed_digest,
)

PLATFORM = "linux/amd64"
SECRETS = {"index": "/tmp/index"}
BUILD = Build("/context", "ansari-whatsapp:abc", "abc", "https://example.org/x", PLATFORM, secrets=SECRETS)
AWS = Registry("123456789012.dkr.ecr.us-west-2.amazonaws.com")
HERE = Registry("127.0.0.1:4566", plain=True)
DIGEST = "sha256:" + "a" * 64
WHO = "user:it's"


@pytest.mark.parametrize("tool", TOOLS)
def test_a_build_is_for_the_one_platform_and_carries_its_labels(tool: str) -> None:
    command = build_command(tool, BUILD)
    assert command[:2] == [tool, "build"]
    assert command[-1] == "/context"
    for pair in (
        ("--platform", "linux/amd64"),
        ("--label", "org.opencontainers.image.revision=abc"),
        ("--label", "org.opencontainers.image.source=https://example.org/x"),
        ("--secret", "id=index,src=/tmp/index"),
        ("--tag", "ansari-whatsapp:abc"),
    ):
        assert pair in itertools.pairwise(command)
    assert ("--format" in command) == (tool != "docker")
    assert not any(word.startswith("BASE=") for word in command)
    assert "BASE=other" in build_command(tool, Build("/context", "a:b", "abc", "", PLATFORM, base="other"))


@pytest.mark.parametrize("tool", TOOLS)
def test_a_login_never_has_the_password(tool: str) -> None:
    command = login_command(tool, AWS)
    assert "--password-stdin" in command
    assert "--password" not in command
    assert command[-1] == AWS.host
    assert "--tls-verify=false" not in command


def test_plain_http_is_for_the_tools_that_have_to_be_told() -> None:
    assert [tool for tool in TOOLS if "--tls-verify=false" in login_command(tool, HERE)] == ["podman", "buildah"]


def test_docker_tags_before_it_pushes_and_the_others_write_the_digest() -> None:
    there = f"{AWS.host}/a:b"
    assert push_commands("docker", "a:b", AWS, "/d") == [["docker", "tag", "a:b", there], ["docker", "push", there]]
    for tool in ("podman", "buildah"):
        assert push_commands(tool, "a:b", AWS, "/d") == [
            [tool, "push", "--digestfile", "/d", "a:b", f"docker://{there}"]
        ]


def test_the_platform_is_asked_of_the_image() -> None:
    assert platform_command("docker", "a:b")[1:3] == ["image", "inspect"]
    assert platform_command("buildah", "a:b")[-1] == "a:b"


def test_the_digest_is_what_was_written_or_else_said() -> None:
    assert pushed_digest("", f"{DIGEST}\n") == DIGEST
    assert pushed_digest(f"abc: Pushed\nabc: digest: {DIGEST} size: 1234", "") == DIGEST
    assert pushed_digest("pushed", "") is None


def test_only_what_leads_to_an_index_is_given_to_a_build() -> None:
    environ = {
        "UV_DEFAULT_INDEX": f"https://{WHO}@example.org/simple",
        "PIP_INDEX_URL": "https://example.org/simple",
        "UV_INDEX_PRIVATE_PASSWORD": "x",
        "UV_INDEX": "",
        "AWS_SECRET_ACCESS_KEY": "no",
        "PIP_REQUIRE_VIRTUALENV": "1",
    }
    assert index_file(environ) == (
        "PIP_INDEX_URL='https://example.org/simple'\n"
        "UV_DEFAULT_INDEX='https://" + WHO.replace("'", "'\\''") + "@example.org/simple'\n"
        "UV_INDEX_PRIVATE_PASSWORD='x'\n"
    )
    assert index_file({}) == ""


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("denied: Your authorization token has expired. Reauthenticate and try again.", "login has expired"),
        ("tag invalid: The image tag 'a' already exists in the 'r' repository and cannot be overwritten", "immutable"),
        ("denied: User: arn:x is not authorized to perform: ecr:InitiateLayerUpload on resource: y", "may not push"),
        ("name unknown: The repository with name 'r' does not exist in the registry", "no such repository"),
        ("unauthorized: authentication required", "refused the login"),
        ("dial tcp: lookup x on 127.0.0.1:53: no such host", "cannot be reached"),
        ("dial tcp 127.0.0.1:9: connect: connection refused", "cannot be reached"),
        ("something new", ""),
    ],
)
def test_what_a_failed_push_means(said: str, why: str) -> None:
    found, fix = meaning(f"Error: {said}")
    assert why in found
    assert bool(why) == bool(found)
    assert fix


@pytest.mark.parametrize(
    ("remote", "public"),
    [
        ("https://example.org/team/ansari.git", "https://example.org/team/ansari"),
        (f"https://{WHO}@example.org/team/ansari.git", "https://example.org/team/ansari"),
        ("git@example.org:team/ansari.git", "https://example.org/team/ansari"),
        ("ssh://git@example.org:22/team/ansari", "https://example.org/team/ansari"),
        ("https://example.org/team/ansari?token=x", "https://example.org/team/ansari"),
        ("/srv/git/ansari", ""),
        ("../ansari", ""),
        ("file:///srv/git/ansari", ""),
    ],
)
def test_where_the_source_is_says_nothing_secret(remote: str, public: str) -> None:
    assert public_address(remote) == public
