"""Images: what is pulled, checked and unpacked, and what fails a deployment."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.local.compute.image import parse
from deployer.local.compute.launcher import program, working_directory
from deployer.local.compute.problem import Problem

LAYER = "application/vnd.oci.image.layer.v1.tar"
GZIPPED = f"{LAYER}+gzip"


def fails(world: Any, image: str, port: int, told: str) -> None:
    arn, status = world.create("img-fail", image, port)
    lines = world.log(arn, "service", "deployment/")
    assert status == "FAILED"
    assert any(told in line for line in lines), lines


def test_another_platform(world: Any, port: int) -> None:
    fails(world, world.push(architecture="arm64").uri, port, "built for linux/arm64")


def test_an_image_by_tag(world: Any, port: int, get: Callable[..., Any]) -> None:
    image = world.push(env=("VERSION=tagged",), tag="release-1")
    arn, status = world.create("img-tag", image.uri.replace(f"@{image.digest}", ":release-1"), port)
    assert status == "SUCCEEDED", world.log(arn, "service")
    assert get(port)["env"]["VERSION"] == "tagged"


def test_an_image_that_is_not_there(world: Any, port: int) -> None:
    registry = "000000000000.dkr.ecr.us-west-2.amazonaws.com"
    fails(world, f"{registry}/nowhere:x", port, "The repository nowhere does not exist")
    world.delete_all()
    fails(world, f"{registry}/small:x", port, "The image x is not in small")
    world.delete_all()
    fails(world, f"{registry}/small@sha256:{'0' * 64}", port, "is not in small")
    world.delete_all()
    fails(world, f"{registry.replace('0000', '1111')}/small:x", port, "of account 000000000000 in us-west-2 only")


def test_a_missing_and_a_damaged_blob(world: Any, port: int) -> None:
    program = "print('one of a kind')"
    image = world.push(program)
    layer = world.tar({"app/main.py": program.encode()})
    path = world.images / "blobs" / "sha256" / world.blob(LAYER, layer)["digest"][7:]
    path.write_bytes(layer[:-1])
    fails(world, image.uri, port, "is damaged")
    world.delete_all()
    path.unlink()
    fails(world, image.uri, port, "is not in storage")


def test_layers_are_put_on_top_of_each_other(world: Any, port: int, get: Callable[..., Any]) -> None:
    """Whiteouts take files of lower layers away; a compressed layer is like any other."""
    program = b"""
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def do_GET(self):
        found = [os.path.join(folder, name) for folder, _, names in os.walk("..") for name in names]
        self.send_response(200); self.end_headers(); self.wfile.write(json.dumps(sorted(found)).encode())
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
    below = {"app/main.py": b"exit(1)", "data/gone": b"", "data/stays": b"", "cache/a": b"", "cache/b": b""}
    above = {"app/main.py": program, "data/.wh.gone": b"", "cache/.wh..wh..opq": b"", "cache/c": b""}
    layers = [(LAYER, world.tar(below)), (GZIPPED, world.tar(above, compressed=True))]
    arn, status = world.create(
        "img-layers", world.push(layers=layers).uri, port, HealthCheckConfiguration=world.health(Path="/")
    )
    assert status == "SUCCEEDED", world.log(arn, "service")
    assert get(port) == ["../app/main.py", "../cache/c", "../data/stays"]


@pytest.mark.parametrize("name", ["../outside", "app/../../outside", "../../content/outside"])
def test_a_layer_never_writes_outside(world: Any, port: int, name: str) -> None:
    fails(world, world.push(layers=[(LAYER, world.tar({name: b"x"}))]).uri, port, "cannot be unpacked safely")
    assert not list(world.images.parent.rglob("outside"))
    assert not list(world.images.parent.rglob(".part-*"))


@pytest.mark.parametrize("target", ["../etc", "/../../etc"])
def test_a_link_that_leaves_the_image(world: Any, port: int, target: str) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("app")
        link.type, link.linkname = tarfile.SYMTYPE, target
        archive.addfile(link)
    fails(world, world.push(layers=[(LAYER, out.getvalue())]).uri, port, "cannot be unpacked safely")


def test_a_link_to_an_absolute_path_means_one_in_the_image(world: Any, port: int) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("usr/bin/python")
        link.type, link.linkname = tarfile.SYMTYPE, "/opt/python"
        archive.addfile(link)
    image = world.push(layers=[(LAYER, world.tar({"opt/python": b"here"})), (LAYER, out.getvalue())])
    world.create("img-link", image.uri, port)
    [found] = world.images.parent.rglob("usr/bin/python")
    assert found.read_bytes() == b"here"
    assert not found.readlink().is_absolute()


def test_unreadable_layers(world: Any, port: int) -> None:
    fails(world, world.push(layers=[(GZIPPED, gzip.compress(b"no tar", mtime=0))]).uri, port, "unpacked safely")
    world.delete_all()
    fails(world, world.push(layers=[(GZIPPED, b"no gzip")]).uri, port, "unpacked safely")
    world.delete_all()
    zstd = "application/vnd.oci.image.layer.v1.tar+zstd"
    fails(world, world.push(layers=[(zstd, b"x")]).uri, port, "cannot be unpacked here")


def test_a_start_that_cannot_work(world: Any, port: int) -> None:
    fails(world, world.push(directory="/nowhere").uri, port, "working directory /nowhere is not in the image")
    world.delete_all()
    fails(world, world.push(command=()).uri, port, "neither an entrypoint nor a command")
    world.delete_all()
    fails(world, world.push(command=("no-such-program",)).uri, port, "exit code 127")


def test_the_start_command_replaces_that_of_the_image(world: Any, port: int, get: Callable[..., Any]) -> None:
    arn, status = world.create(
        "img-start",
        world.push(command=("false",)).uri,
        port,
        configuration={"StartCommand": "python main.py 'with a space'"},
    )
    assert status == "SUCCEEDED", world.log(arn, "service")


def test_an_access_role_that_allows_too_little(world: Any, port: int) -> None:
    iam = world.client("iam")
    iam.create_role(RoleName="Weak", AssumeRolePolicyDocument=world.trust("build.apprunner.amazonaws.com"))
    iam.put_role_policy(RoleName="Weak", PolicyName="p", PolicyDocument=world.allow("ecr:Batch*", "*"))
    source = world.source(world.push().uri, port)
    source["AuthenticationConfiguration"]["AccessRoleArn"] = "arn:aws:iam::000000000000:role/Weak"
    arn, status = world.create("img-weak", "", port, SourceConfiguration=source)
    assert status == "FAILED"
    wanted = "does not allow ecr:DescribeImages, ecr:GetDownloadUrlForLayer, ecr:GetAuthorizationToken"
    assert any(wanted in line for line in world.log(arn, "service"))


def test_identifiers_are_taken_apart() -> None:
    host = "000000000000.dkr.ecr.us-west-2.amazonaws.com"
    assert parse(f"{host}/a/b:1").tag == "1"
    assert parse(f"{host}/a/b").tag == "latest"
    assert parse(f"{host}/a/b@sha256:00").digest == "sha256:00"
    assert parse(f"{host}/a/b:1@sha256:00").digest == "sha256:00"
    assert parse(f"{host}/a/b:1").repository_arn == "arn:aws:ecr:us-west-2:000000000000:repository/a/b"
    with pytest.raises(Problem):
        parse("docker.io/library/python:3")


def test_programs_are_found_in_the_image(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    assert program(["/bin/tool", "-x"], tmp_path) == [str(tmp_path / "bin/tool"), "-x"]
    assert program(["sh", "-c", "x"], tmp_path) == ["sh", "-c", "x"]
    assert working_directory(tmp_path, "/app") == (tmp_path / "app").resolve()
    with pytest.raises(Problem):
        working_directory(tmp_path / "app", "../..")
