"""An image: its manifest from ECR, its content from the OCI image layout that replaces ECR's storage."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from deployer.local.compute.problem import Problem

if not hasattr(tarfile, "data_filter"):  # Python before 3.11.4, such as Debian 12's
    from backports import tarfile  # type: ignore[import-not-found, import-untyped, no-redef, unused-ignore]

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient

LAYERS = {
    "application/vnd.oci.image.layer.v1.tar": "r:",
    "application/vnd.oci.image.layer.v1.tar+gzip": "r:gz",
    "application/vnd.docker.image.rootfs.diff.tar": "r:",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": "r:gz",
}
PLATFORM = "linux/amd64"
IDENTIFIER = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<repository>[^:@]+)(?P<rest>[:@].+)?"
)
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"  # OCI image specification, "Image Layer Filesystem Changeset"


class ImageNotFound(Problem):
    """ECR has no such repository or image."""


class WrongPlatform(Problem):
    """The image is built for another platform."""


@dataclass(frozen=True)
class Identifier:
    """The parts of an ECR image name; one of `tag` and `digest` is set."""

    account: str
    region: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def repository_arn(self) -> str:
        return f"arn:aws:ecr:{self.region}:{self.account}:repository/{self.repository}"


def parse(identifier: str) -> Identifier:
    """Raises Problem for a name that is not of ECR."""
    match = IDENTIFIER.fullmatch(identifier)
    if match is None:
        raise Problem(f"{identifier} is not an image of ECR.")
    account, region, repository, rest = match.groups(default=":latest")
    _, at, digest = rest.partition("@")
    if at:
        return Identifier(account, region, repository, digest=digest)
    return Identifier(account, region, repository, tag=rest[1:])


@dataclass(frozen=True)
class Image:
    """An unpacked image with its command, environment and working directory."""

    digest: str
    root: Path
    environment: dict[str, str]
    command: tuple[str, ...]
    directory: str


class ImageStore:
    """Unpacks images below `content`, each once, from the blobs of the layout at `images`.

    `largest` is the size in GB of an instance's disk, into which the image has to fit.
    """

    def __init__(self, images: Path, content: Path, largest: int) -> None:
        self._largest = largest
        self._blobs = images / "blobs" / "sha256"
        self._content = content

    def pull(self, ecr: ECRClient, identifier: Identifier) -> Image:
        """Return the image behind an identifier. Raises Problem if ECR, the layout or the image itself is wrong."""
        try:
            return self._pull(ecr, identifier)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            why = f"{type(error).__name__}: {error}"
            raise Problem(f"The image's manifest or configuration is malformed ({why}).") from error

    def _pull(self, ecr: ECRClient, identifier: Identifier) -> Image:
        digest, manifest = self._manifest(ecr, identifier)
        config = json.loads(self._blob(manifest["config"]["digest"]).read_bytes())
        platform = f"{config.get('os')}/{config.get('architecture')}"
        if platform != PLATFORM:
            raise WrongPlatform(f"The image is built for {platform}; only {PLATFORM} runs here.")
        settings = config.get("config") or {}
        return Image(
            digest=digest,
            root=self._unpacked(digest, manifest["layers"]),
            environment=dict(entry.partition("=")[::2] for entry in settings.get("Env") or []),
            command=(*(settings.get("Entrypoint") or ()), *(settings.get("Cmd") or ())),
            directory=settings.get("WorkingDir") or "/",
        )

    def _manifest(self, ecr: ECRClient, identifier: Identifier) -> tuple[str, dict[str, Any]]:
        image_id: Any = {"imageDigest": identifier.digest} if identifier.digest else {"imageTag": identifier.tag}
        try:
            images = ecr.batch_get_image(repositoryName=identifier.repository, imageIds=[image_id])["images"]
        except ecr.exceptions.RepositoryNotFoundException:
            raise ImageNotFound(f"The repository {identifier.repository} does not exist in ECR.") from None
        if not images:
            raise ImageNotFound(f"The image {identifier.digest or identifier.tag} is not in {identifier.repository}.")
        text = images[0]["imageManifest"].encode()
        digest = "sha256:" + hashlib.sha256(text).hexdigest()
        if identifier.digest and digest != identifier.digest:
            raise Problem(f"ECR's manifest for {identifier.digest} has the digest {digest}.")
        manifest: dict[str, Any] = json.loads(text)
        if "manifests" in manifest:
            raise Problem("The image is a list of images for several platforms; push the one for linux/amd64.")
        return digest, manifest

    def _blob(self, digest: str) -> Path:
        """Return the file of a blob after checking its content."""
        path = self._blobs / digest.removeprefix("sha256:")
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest) or not path.is_file():
            raise Problem(f"The image's blob {digest} is not in storage; push the image again.")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != path.name:
                raise Problem(f"The image's blob {digest} is damaged; push the image again.")
        return path

    def _unpacked(self, digest: str, layers: list[dict[str, Any]]) -> Path:
        target = self._content / digest.removeprefix("sha256:")
        if target.is_dir():
            return target
        self._content.mkdir(parents=True, exist_ok=True)
        part = Path(mkdtemp(prefix=".part-", dir=self._content))
        try:
            part.chmod(0o755)
            for layer in layers:
                mode = LAYERS.get(layer.get("mediaType", ""))
                if mode is None:
                    raise Problem(f"A layer of the type {layer.get('mediaType')} cannot be unpacked here.")
                _apply(self._blob(layer["digest"]), mode, part, self._largest)
            part.rename(target)
        except OSError as error:
            if not target.is_dir():  # else another deployment of the same image was quicker
                raise Problem(f"The image cannot be unpacked: {error}") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return target


def _apply(layer: Path, mode: Any, root: Path, largest: int) -> None:
    """Unpack a layer over the content of `root`. Raises Problem if it is unsafe, broken or too large."""
    try:
        with tarfile.open(layer, mode) as tar:
            members = tar.getmembers()
            if sum(member.size for member in members) > largest * 1024**3:
                raise Problem(f"The image is larger than the {largest} GB an instance has.")
            plain = [member for member in members if not PurePosixPath(member.name).name.startswith(WHITEOUT)]
            for path in _removed(members, root):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
            tar.extractall(root, members=plain, filter=_within)  # noqa: S202 -- it is the data filter
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise Problem(f"A layer of the image cannot be unpacked safely: {error}") from error


def _within(member: tarfile.TarInfo, root: str) -> tarfile.TarInfo | None:
    """Apply tarfile's data filter; a link to an absolute path means a path in the image."""
    if member.issym() and member.linkname.startswith("/"):
        up = "../" * (len(PurePosixPath(member.name).parts) - 1)
        member = member.replace(linkname=up + member.linkname.lstrip("/"), deep=False)
    return tarfile.data_filter(member, root)


def _removed(members: list[tarfile.TarInfo], root: Path) -> Iterator[Path]:
    """Delete what the whiteouts of a layer remove from the layers below it, never outside `root`."""
    base = root.resolve()
    for member in members:
        name = PurePosixPath(member.name).name
        if not name.startswith(WHITEOUT):
            continue
        folder = (base / PurePosixPath(member.name).parent).resolve()
        if not folder.is_relative_to(base) or not folder.is_dir():
            continue
        if name == OPAQUE:
            yield from folder.iterdir()
        elif name.removeprefix(WHITEOUT) not in {"", ".", ".."}:
            yield folder / name.removeprefix(WHITEOUT)
