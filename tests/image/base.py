"""A base image made of the running Python, its libraries and a shell: enough to build on, from no registry."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("sh", "chmod", "mkdir")
# Of Python's own library; nothing of it is needed to build or to serve.
LEFT_OUT = {"__pycache__", "ensurepip", "idlelib", "lib2to3", "site-packages", "dist-packages", "test", "tkinter"}
# What compiled packages and uv load beside what Python itself does.
LIBRARIES = {
    *(f"lib{name}.so.1" for name in ("gcc_s", "rt", "util")),
    *(f"lib{name}.so.2" for name in ("dl", "nss_dns", "nss_files", "resolv")),
    *("libc.so.6", "libm.so.6", "libpthread.so.0", "libstdc++.so.6"),
}
SBIN = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}  # where ldconfig is, also for those who are not root
WHEELS = Path("/usr/share/python-wheels")  # where Debian keeps what ensurepip installs


def write_base(target: Path) -> None:
    """A tar of a root directory in which `python` is this Python, without its packages, at the path it has here."""
    python = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}").resolve()
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    programs = [Path(found) for name in PROGRAMS if (found := shutil.which(name, path="/bin:/usr/bin"))]
    files = {python, *programs, *_tree(library)}
    known = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=False, env=SBIN).stdout
    files |= {Path(found) for found in re.findall(r"=> (/\S+)$", known, re.MULTILINE) if Path(found).name in LIBRARIES}
    files |= set(_libraries([python, *programs, *library.glob("lib-dynload/*.so")]))
    with tarfile.open(target, "w", dereference=True) as tar:
        for path in sorted(files):
            tar.add(path, filter=_plain)
        _add_pip(tar, library)
        for name in ("usr/local/bin/python", "usr/local/bin/python3"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, str(python)
            tar.addfile(link)
        for name, mode in {"tmp": 0o1777, "proc": 0o755, "sys": 0o755, "dev": 0o755, "run": 0o755}.items():
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, mode
            tar.addfile(folder)
        users = b"root:x:0:0:root:/root:/bin/sh\n"
        passwd = tarfile.TarInfo("etc/passwd")
        passwd.size = len(users)
        tar.addfile(passwd, io.BytesIO(users))


def _add_pip(tar: tarfile.TarFile, library: Path) -> None:
    """pip, as every image of Python has it, from the wheel that ensurepip brings."""
    [wheel, *_] = [*(library / "ensurepip" / "_bundled").glob("pip-*.whl"), *WHEELS.glob("pip-*.whl")]
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            entry = tarfile.TarInfo(f"{str(library).lstrip('/')}/{_packages(library)}/{name}")
            entry.size = len(content := archive.read(name))
            tar.addfile(entry, io.BytesIO(content))


def _packages(library: Path) -> str:
    """Debian's own Python looks into another folder than everybody's."""
    return "../dist-packages" if library.parent.parent == Path("/usr") else "site-packages"


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.mode = 0o755 if entry.mode & 0o100 else 0o644
    return entry


def _tree(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in LEFT_OUT or path.name.startswith("config-"):
            continue
        if path.is_dir():
            yield from _tree(path)
        elif path.suffix != ".a":
            yield path


def _libraries(programs: list[Path]) -> Iterator[Path]:
    """What the loader would load, and the loader."""
    told = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    yield from (Path(found) for found in re.findall(r"(/\S+) \(0x", told))
