"""A checkout whose images are built for real."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests import loopback, ready
from tests.e2e import aws
from tests.e2e.checkout import Checkout
from tests.image.buildah import Buildah


@dataclass(frozen=True)
class Built:
    """A checkout with a world, and the buildah that its deployer finds."""

    checkout: Checkout
    buildah: Buildah

    def deployer(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.buildah.environment}
        return ready.deployer(self.checkout.root, *arguments, environment=environment)

    def push(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.deployer("image", "push", "local", "--tool", "buildah", *arguments)

    def commit(self) -> str:
        """A new commit with the same files; the tag of its image."""
        self.checkout.git("commit", "--allow-empty", "--quiet", "--message", "nothing new")
        done = subprocess.run(
            ["git", "-C", self.checkout.root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
        return f"{done.stdout.strip()}-built"

    def tags(self) -> set[str]:
        listed = aws.ecr(self.checkout).list_images(repositoryName="ansari-whatsapp")["imageIds"]
        return {image["imageTag"] for image in listed}

    @contextmanager
    def refused(self, call: str, **more: Any) -> Iterator[None]:
        where = f"{self.checkout.endpoint}/_local/faults"
        bearer = self.checkout.keys.bearer
        loopback.put(where, json={"refuse": {"call": call, **more}}, headers=bearer).raise_for_status()
        yield
        assert loopback.get(where, headers=bearer).json()["faults"]["refuse"][0]["struck"] > 0
        loopback.delete(where, headers=bearer).raise_for_status()
