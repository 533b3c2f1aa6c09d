"""The real buildah, with a storage of its own and a base image that comes from no registry."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deployer.image.tool import CERTIFICATES, INDEX
from tests.image.base import write_base

ROOT = Path(__file__).parents[2]
MISSING = "building for real takes root on Linux with buildah: apt-get install buildah"


def missing() -> bool:
    return sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("buildah") or not shutil.which("chroot")


@dataclass(frozen=True)
class Buildah:
    """`environment` leads every buildah, the deployer's too, to this storage."""

    home: Path
    driver: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CONTAINERS_STORAGE_CONF": str(self.home / "storage.conf"),
            "BUILDAH_ISOLATION": "chroot",
            "TMPDIR": str(self.home),
        }

    @property
    def packages(self) -> dict[str, str]:
        """What this machine says of where packages come from."""
        return {name: value for name, value in os.environ.items() if INDEX.fullmatch(name) or name in CERTIFICATES}

    def run(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["buildah", *arguments],
            env={**os.environ, **self.environment},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def close(self) -> None:
        """What is mounted goes with its containers."""
        self.run("rm", "--all")


def make_buildah(home: Path) -> Buildah:
    """With the base image that the Dockerfile names by default."""
    driver = "overlay" if _overlay(home) else "vfs"
    made = Buildah(home, driver)
    conf = f'[storage]\ndriver = "{driver}"\ngraphroot = "{home}/graph"\nrunroot = "{home}/run"\n'
    (home / "storage.conf").write_text(conf)
    [base] = re.findall(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    context = home / "base"
    context.mkdir()
    write_base(context / "base.tar")
    (context / "Dockerfile").write_text("FROM scratch\nADD base.tar /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n")
    name = f"docker.io/library/{base}"
    made.run("build", "--format", "docker", "--platform", "linux/amd64", "--tag", name, str(context))
    (context / "base.tar").unlink()
    return made


def _overlay(home: Path) -> bool:
    """Whether the kernel mounts one here: it is quicker by far, but not on top of another."""
    parts = [home / "overlay" / name for name in ("lower", "upper", "work", "merged")]
    for part in parts:
        part.mkdir(parents=True)
    lower, upper, work, merged = map(str, parts)
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    done = subprocess.run(
        ["mount", "-t", "overlay", "overlay", "-o", options, merged], capture_output=True, check=False
    )
    if done.returncode == 0:
        subprocess.run(["umount", merged], check=True)
    return done.returncode == 0
