"""The tools that build and push images, docker, podman and buildah: their command lines and failures.

Pure: deployer/image/builder.py runs them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

LABEL: Final = "org.opencontainers.image"  # OCI image specification, "Annotations"
TOOLS: Final = ("docker", "podman", "buildah")
# Whether a tool can work, not only answer: docker and, outside Linux, podman are clients of a service that may be down.
ALIVE: Final[Mapping[str, tuple[str, ...]]] = {
    "docker": ("version", "--format", "{{.Server.Version}}"),
    "podman": ("info", "--format", "{{.Version.Version}}"),
    "buildah": ("--version",),
}
# Each tool has a build command of its own; buildah and podman use docker's format, because OCI's has no HEALTHCHECK.
_BUILD: Final[Mapping[str, tuple[str, ...]]] = {
    "docker": ("build",),
    "podman": ("build", "--format", "docker"),
    "buildah": ("build", "--format", "docker", "--layers"),
}
# One image, not a list with an attestation: a target is given a single manifest.
ENVIRONMENT: Final = {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
# Variables that give pip and uv another index, and those that give them and OpenSSL certificates.
INDEX: Final = re.compile(
    r"(PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|DEFAULT_TIMEOUT|RETRIES)"
    r"|UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INSECURE_HOST|INDEX_STRATEGY|HTTP_TIMEOUT|HTTP_RETRIES)"
    r"|UV_INDEX_\w+_(USERNAME|PASSWORD))"
)
CERTIFICATES: Final = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE")
_DIGEST: Final = re.compile(r"digest: (sha256:[0-9a-f]{64})\b")


class Build(Struct, frozen=True):
    """An image to be built from the directory `folder` under the name `name`, such as ansari-whatsapp:SHA.

    `secrets` are files that the build may read and the image does not hold. With an empty `base`, the Dockerfile's own
    is used.
    """

    folder: str
    name: str
    revision: str
    source: str
    platform: str
    base: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)


class Registry(Struct, frozen=True):
    """Where to push. `plain` means http, which only a registry on this machine may use."""

    host: str
    plain: bool = False


def build_command(tool: str, build: Build) -> list[str]:
    """The command that builds it, for the only platform that the target runs."""
    # As labels, not as build arguments: buildah takes a layer from its cache whatever the value of such an argument.
    values = {"revision": build.revision, "source": build.source}
    labels = [part for name, value in values.items() if value for part in ("--label", f"{LABEL}.{name}={value}")]
    base = ["--build-arg", f"BASE={build.base}"] if build.base else []
    secrets = [part for name, file in build.secrets.items() for part in ("--secret", f"id={name},src={file}")]
    return [
        tool,
        *_BUILD[tool],
        "--platform",
        build.platform,
        *base,
        *labels,
        *secrets,
        "--tag",
        build.name,
        build.folder,
    ]


def platform_command(tool: str, name: str) -> list[str]:
    """The command that prints the platform of a built image, such as linux/amd64."""
    if tool == "buildah":
        form = "{{.OCIv1.OS}}/{{.OCIv1.Architecture}}"
        return [tool, "inspect", "--type", "image", "--format", form, name]
    return [tool, "image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", name]


def login_command(tool: str, registry: Registry) -> list[str]:
    """Return the command that logs in; it reads the password from its standard input."""
    return [tool, "login", "--username", "AWS", "--password-stdin", *_plain(tool, registry), registry.host]


def push_commands(tool: str, name: str, registry: Registry, digest_file: str) -> list[list[str]]:
    """The commands that push a built image. docker prints the digest, the others write it to a file."""
    there = f"{registry.host}/{name}"
    if tool == "docker":
        return [[tool, "tag", name, there], [tool, "push", there]]
    return [[tool, "push", "--digestfile", digest_file, *_plain(tool, registry), name, f"docker://{there}"]]


def pushed_digest(output: str, digest_file: str) -> str | None:
    """The digest that a push printed or wrote; None if there is none."""
    said = _DIGEST.findall(output)
    return digest_file.strip() or (said[-1] if said else None)


def index_file(environ: Mapping[str, str]) -> str:
    """The variables that name another package index, as lines that a shell reads; "" where there are none."""
    given = {name: value for name, value in sorted(environ.items()) if INDEX.fullmatch(name) and value}
    return "".join(f"{name}={_quoted(value)}\n" for name, value in given.items())


def meaning(output: str) -> tuple[str, str]:
    """The cause of a failed push or login, and its fix, from the output of the tool."""
    for pattern, why, fix in _MEANINGS:
        if re.search(pattern, output, re.IGNORECASE):
            return why, fix
    return "", "fix what it names, then run again"


_MEANINGS: Final = (
    (
        r"authorization token has expired|ExpiredToken",
        "the registry's login has expired",
        "run again: each run logs in again",
    ),
    (
        r"cannot be overwritten|tag is immutable|tag invalid",
        "the tag is there already, and tags are immutable",
        "run again: what ECR holds is not pushed again",
    ),
    (r"name unknown|repository .* does not exist|RepositoryNotFound", "ECR has no such repository", "create it first"),
    (
        r"not authorized to perform|denied|\b403\b|forbidden",
        "these credentials may not push",
        "allow what an image push needs, as listed by: just doctor ENV",
    ),
    (r"unauthorized|\b401\b", "the registry refused the login", "run again: each run logs in again"),
    (
        r"no such host|connection (refused|reset)|i/o timeout|dial tcp|network is unreachable|TLS handshake",
        "the registry cannot be reached",
        "check the network and the proxy, then run again",
    ),
)


def _plain(tool: str, registry: Registry) -> list[str]:
    """Return the option for http. docker uses http with 127.0.0.1 by itself."""
    return ["--tls-verify=false"] if registry.plain and tool != "docker" else []


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"
