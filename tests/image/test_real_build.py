"""The real Dockerfile, built by the real buildah, pushed to the local ECR, pulled back, and run."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import loopback
from tests.ci.repository import Repository
from tests.docs.world import TOOLS, missing_tools
from tests.e2e import aws
from tests.e2e.checkout import make_checkout
from tests.e2e.rights import as_ci
from tests.image.buildah import MISSING, Buildah, missing
from tests.image.built import Built
from tests.ports import free_port

pytestmark = [pytest.mark.timeout(400), pytest.mark.skipif(missing(), reason=MISSING)]
ROLE = "ansari-whatsapp-production-github-actions-image"
SETTINGS = {
    "DEPLOYMENT_TYPE": "local",
    "BACKEND_SERVER_URL": "http://127.0.0.1:1",
    "WHATSAPP_SERVICE_API_KEY": "an-api-key-for-the-image",
    "META_BUSINESS_PHONE_NUMBER_ID": "15550001111",
    "META_ACCESS_TOKEN_FROM_SYS_USER": "a-system-token-for-the-image",
    "META_WEBHOOK_VERIFY_TOKEN": "a-verify-token-for-the-image",
    "META_APP_SECRET": "an-app-secret-for-the-image",
    "APP_RELEASE": "of-the-image",
}
# A container's essentials: its own mounts, a root that cannot be written to but for the volume, and no rights.
RUN = """
set -e
root=$1; shift
mount --bind "$root" "$root"
mount --bind /dev "$root/dev"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o uid=10001,gid=10001,mode=700 inbox "$root/app/inbox"
exec chroot --userspec=10001:10001 "$root" /bin/sh -c 'cd /app; exec "$@"' sh "$@"
"""


@pytest.fixture(scope="module")
def world(buildah: Buildah, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    made = Built(make_checkout(tmp_path_factory.mktemp("checkout")), buildah)
    made.checkout.start_world()
    yield made
    made.checkout.deployer("local", "down")


@pytest.fixture(scope="module")
def pushed(world: Built) -> dict[str, str]:
    """The image of the commit, in the local ECR."""
    first = world.push()
    assert first.returncode == 1
    assert "repository ansari-whatsapp does not exist in ECR; nothing was built" in first.stderr
    assert "--create-repository" in first.stderr
    done = world.push("--create-repository", "--json")
    assert done.returncode == 0, done.stderr
    assert "STEP" in done.stderr  # buildah's own progress
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def pulled(world: Built, pushed: dict[str, str]) -> dict[str, Any]:
    """The configuration of the image as the registry gives it back, and `root`, where it is mounted."""
    [data] = aws.ecr(world.checkout).get_authorization_token()["authorizationData"]
    host = data["proxyEndpoint"].removeprefix("http://")
    password = base64.b64decode(data["authorizationToken"]).decode().removeprefix("AWS:")
    file = f"{world.buildah.home}/auth.json"
    login = ("login", "--authfile", file, "--tls-verify=false", "--username", "AWS", "--password-stdin", host)
    world.buildah.run(*login, stdin=password)
    image = f"{host}/ansari-whatsapp@{pushed['digest']}"
    world.buildah.run("pull", "--authfile", file, "--tls-verify=false", f"docker://{image}")
    container = world.buildah.run("from", "--pull-never", image)
    config: dict[str, Any] = json.loads(world.buildah.run("inspect", "--type", "image", image))["Docker"]["config"]
    return {**config, "root": world.buildah.run("mount", container)}


def test_what_was_pushed_is_what_ecr_holds(world: Built, pushed: dict[str, str]) -> None:
    [image] = aws.ecr(world.checkout).describe_images(repositoryName="ansari-whatsapp")["imageDetails"]
    assert (pushed["did"], pushed["platform"], pushed["tool"]) == ("pushed", "linux/amd64", "buildah")
    assert (image["imageDigest"], image["imageTags"]) == (pushed["digest"], [pushed["tag"]])


def test_what_ecr_holds_is_not_built_again(world: Built, pushed: dict[str, str]) -> None:
    done = world.push("--json")
    assert json.loads(done.stdout) == {**pushed, "did": "there", "tool": None}
    assert "STEP" not in done.stderr


def test_the_image_says_what_it_is(pulled: dict[str, Any], pushed: dict[str, str]) -> None:
    assert pulled["Labels"]["org.opencontainers.image.revision"] == pushed["tag"].removesuffix("-built")
    assert pulled["User"] == "10001:10001"
    assert list(pulled["Volumes"]) == ["/app/inbox"]
    assert pulled["Entrypoint"] == ["python", "-m", "ansari_whatsapp"]
    assert pulled["Healthcheck"]["Test"][0] == "CMD"


def test_only_what_the_service_needs_is_in_it(pulled: dict[str, Any]) -> None:
    packages = {path.name for path in Path(pulled["root"], "app", ".venv").glob("lib/*/site-packages/*")}
    assert {"sanic", "httpx", "orjson"} <= packages
    assert not packages & {"boto3", "moto", "ruamel", "pip", "uv", "deployer"}
    assert {path.name for path in Path(pulled["root"], "app").iterdir()} == {".venv", "ansari_whatsapp", "inbox"}
    assert not any(path.name in {"build", "uv"} for path in Path(pulled["root"]).iterdir())
    sources = list(Path(pulled["root"], "app", "ansari_whatsapp").rglob("*.py"))
    assert len(list(Path(pulled["root"], "app", "ansari_whatsapp").rglob("*.pyc"))) == len(sources) > 10


def test_no_secret_of_the_build_is_in_it(world: Built, pushed: dict[str, str], pulled: dict[str, Any]) -> None:
    assert not list(Path(pulled["root"], "run").rglob("*"))
    assert "CERTIFICATES" not in str(pulled["Env"]).upper()


def test_it_serves_without_rights_on_a_read_only_disk_and_ends_in_order(pulled: dict[str, Any]) -> None:
    port = str(free_port())
    env = {**dict(entry.split("=", 1) for entry in pulled["Env"]), **SETTINGS, "PORT": port}
    root = pulled["root"]
    service = subprocess.Popen(
        ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", RUN, "sh", root, *pulled["Entrypoint"]],
        env={**env, "PATH": f"{env['PATH']}:/usr/sbin:/sbin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        answer = _answer(service, f"http://127.0.0.1:{port}/")
        assert answer.headers["X-App-Release"] == "of-the-image"
        status = Path(f"/proc/{service.pid}/status").read_text()
        assert "\nUid:\t10001\t10001\t10001\t10001\n" in status
        healthy = ["/usr/sbin/chroot", root, *pulled["Healthcheck"]["Test"][1:]]
        assert subprocess.run(healthy, env=env, check=False).returncode == 0
        assert subprocess.run(healthy, env={**env, "PORT": "1"}, capture_output=True, check=False).returncode == 1
        service.send_signal(signal.SIGTERM)
        told, _ = service.communicate(timeout=60)
    finally:
        service.kill()
        service.wait()
    assert service.returncode == 0, told
    assert "Traceback" not in told


def _answer(service: subprocess.Popen[str], url: str) -> httpx.Response:
    while service.poll() is None:
        try:
            return loopback.get(url)
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(service.communicate()[0])


def test_another_image_under_the_tag_is_never_replaced(world: Built, pushed: dict[str, str]) -> None:
    tag = world.commit()
    client = aws.ecr(world.checkout)
    asked: Any = [{"imageDigest": pushed["digest"]}]
    [image] = client.batch_get_image(repositoryName="ansari-whatsapp", imageIds=asked)["images"]
    kind = image["imageManifestMediaType"]
    client.put_image(
        repositoryName="ansari-whatsapp",
        imageManifest=image["imageManifest"],
        imageManifestMediaType=kind,
        imageTag=tag,
    )
    with world.refused("ecr:DescribeImages", code="ImageNotFoundException", times=1):  # it came a moment later
        done = world.push()
    assert (done.returncode, done.stdout) == (1, "")
    assert "the tag is there already, and tags are immutable" in done.stderr
    [held] = client.describe_images(repositoryName="ansari-whatsapp", imageIds=[{"imageTag": tag}])["imageDetails"]
    assert held["imageDigest"] == pushed["digest"]


@pytest.mark.parametrize(
    ("call", "more", "told"),
    [
        ("ecr:PutImage", {"code": "ExpiredTokenException"}, "the registry's login has expired"),
        ("ecr:PutImage", {}, "these credentials may not push"),
        ("ecr:GetAuthorizationToken", {}, '"Action":"ecr:GetAuthorizationToken"'),
        ("ecr:GetAuthorizationToken", {"code": "ExpiredTokenException"}, "log in again"),
        ("ecr:DescribeRepositories", {}, '"Action":"ecr:DescribeRepositories"'),
    ],
)
def test_what_is_refused_on_the_way_leaves_no_image(
    world: Built, pushed: dict[str, str], call: str, more: dict[str, str], told: str
) -> None:
    tag = world.commit()
    with world.refused(call, **more):
        done = world.push()
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert tag not in world.tags()
    [data] = aws.ecr(world.checkout).get_authorization_token()["authorizationData"]
    for secret in (
        base64.b64decode(data["authorizationToken"]).decode().removeprefix("AWS:"),
        data["authorizationToken"],
    ):
        assert secret not in done.stderr
    assert not list(world.buildah.home.glob("deployer-*"))


@pytest.mark.skipif(missing_tools(), reason=TOOLS)
def test_a_push_builds_the_image_that_then_runs(repository: Repository) -> None:
    summary = repository.job("deploy.yml", "deploy-staging")
    assert "Release 1" in summary
    assert repository.released("staging") in summary
    running = repository.service("staging")["SourceConfiguration"]["ImageRepository"]["ImageIdentifier"]
    assert running == of_the_commit(repository)


@pytest.mark.skipif(missing_tools(), reason=TOOLS)
def test_the_job_before_the_consent_pushes_an_image_and_can_do_nothing_else(repository: Repository) -> None:
    checkout = repository.world.checkout
    with as_ci(checkout, "production", ROLE) as refused:
        repository.commit("another commit, for which nothing was built")
        repository.job("deploy.yml", "image-production")
        assert of_the_commit(repository)
        assert refused == set()
        for words in (
            ("reconcile", "production"),
            ("plan", "production"),
            ("secret", "set", "production", "meta-app-secret"),
            ("rollback", "production"),
        ):
            done = repository.deployer(*words, stdin="a-secret-that-will-do")
            assert done.returncode == 1, done.stdout + done.stderr
            assert "not authorized to perform" in done.stderr
        assert {one.partition(":")[0] for one in refused} >= {"ssm"}
        assert not any(one.startswith("ecr:") for one in refused)


def of_the_commit(repository: Repository) -> str:
    """The image of the commit in ECR, as a service would name it."""
    root = repository.root
    head = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    client = aws.ecr(repository.world.checkout)
    [repo] = client.describe_repositories(repositoryNames=["ansari-whatsapp"])["repositories"]
    tags = [{"imageTag": f"{head.strip()}-built"}]
    [found] = client.describe_images(repositoryName="ansari-whatsapp", imageIds=tags)["imageDetails"]  # type: ignore[arg-type]
    return f"{repo['repositoryUri']}@{found['imageDigest']}"
