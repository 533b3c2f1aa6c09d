"""The disk of one instance: a copy of its image's files, which is deleted when the instance ends."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from deployer.local.compute.problem import Problem


@dataclass(frozen=True)
class Disk:
    """A directory with the image's files in `root`, beside them a home and a directory for temporary files."""

    path: Path

    @property
    def root(self) -> Path:
        return self.path / "root"

    @property
    def home(self) -> Path:
        return self.path / "home"

    @property
    def temporary(self) -> Path:
        return self.path / "tmp"

    @property
    def token_file(self) -> Path:
        """The file with the authorization token for the instance's credentials."""
        return self.path / "authorization-token"

    @classmethod
    def copy_of(cls, image: Path, path: Path) -> Disk:
        """Make a disk at `path` with the files below `image`. Blocks. Raises Problem when that fails."""
        disk = cls(path)
        try:
            path.mkdir(mode=0o700, parents=True)
            disk.home.mkdir()
            disk.temporary.mkdir()
            shutil.copytree(image, disk.root, symlinks=True)
        except (OSError, shutil.Error) as error:
            disk.delete()
            raise Problem(f"The instance's disk cannot be made: {type(error).__name__}.") from error
        return disk

    def delete(self) -> None:
        """Delete everything on it. Blocks; may be repeated."""
        shutil.rmtree(self.path, ignore_errors=True)
