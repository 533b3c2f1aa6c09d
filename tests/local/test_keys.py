"""Only a user who can read the keys of a world can use it."""

from __future__ import annotations

import multiprocessing
import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from deployer.world_keys import NONE, Keys, proves, read, remove, seal, write


def test_only_their_owner_can_read_them(tmp_path: Path) -> None:
    place = tmp_path / "some" / "keys"
    write(place, 4566, Keys.make())
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    [file] = place.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def _reads_as_nobody(directory: Path) -> None:
    os.setuid(65534)
    sys.exit(0 if read(directory, "http://127.0.0.1:4566") == NONE else 1)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user")
def test_another_user_cannot_read_them() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        directory = Path(folder) / "keys"
        write(directory, 4566, Keys.make())
        assert read(directory, "http://127.0.0.1:4566") != NONE
        other = multiprocessing.get_context("fork").Process(target=_reads_as_nobody, args=(directory,))
        other.start()
        other.join(30)
        assert other.exitcode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
def test_a_directory_that_others_could_read_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    write(tmp_path, 4566, Keys.make())
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_they_are_read_by_port_and_gone_after_the_world(tmp_path: Path) -> None:
    first, second = Keys.make(), Keys.make()
    write(tmp_path, 4566, first)
    write(tmp_path, 4567, second)
    assert read(tmp_path, "http://127.0.0.1:4566") == first
    assert read(tmp_path, "http://127.0.0.1:4567") == second
    assert read(tmp_path, "http://127.0.0.1:9999") == NONE  # another program may listen there: it gets no live token
    remove(tmp_path, 4566)
    remove(tmp_path, 4567)
    assert read(tmp_path, "http://127.0.0.1:4566") == NONE
    assert read(tmp_path / "none", "http://127.0.0.1:4566") == NONE


@pytest.mark.parametrize("text", ["", "[]", '{"token": "t"}', "\x00"])
def test_a_file_that_is_none_opens_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "4566.json").write_text(text)
    assert read(tmp_path, "http://127.0.0.1:4566") == NONE


def test_each_world_has_its_own_and_shows_none() -> None:
    one, other = Keys.make(), Keys.make()
    assert not {one.access_key, one.secret_key, one.token} & {other.access_key, other.secret_key, other.token}
    assert one.secret_key not in repr(one)
    assert one.token not in repr(one)


def test_a_token_is_shown_whole() -> None:
    token = Keys.make().token
    assert proves(f"Bearer {token}", token)
    for other in (None, "", token, "Bearer ", f"Bearer {token[:-1]}", f"Bearer {token}x", "Bearer é"):
        assert not proves(other, token)
    assert seal(token, "a") != seal(token, "b") != seal(token + "x", "b")
