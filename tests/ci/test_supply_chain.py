"""What the image is made of, what is known against it, and that no credential lies in the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deployer.errors import UsageError
from deployer.image.sbom import render_sbom
from deployer.manifest.credentials import credential_in
from tests.ports import free_port
from tests.samples import ROOT

LOCK = """\
one-package==1.0 \\
    --hash=sha256:{0} \\
    --hash=sha256:{1}
    # via something
Other.Package==2.0+local ; sys_platform != 'win32' \\
    --hash=sha256:{1}
""".format("a" * 64, "b" * 64)
COMMITTED = datetime(2026, 11, 29, tzinfo=UTC)
# Tests write addresses with a password in them, to see them refused.
KNOWN = {
    "tests/ansari_whatsapp/test_settings.py",
    "tests/core/test_adoption.py",
    "tests/e2e/test_doctor.py",
    "tests/manifest/test_model.py",
}


def deployer(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deployer", "ci", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_bill_of_materials_lists_each_package_with_its_hashes() -> None:
    text = render_sbom(LOCK, "abc", COMMITTED, "notes")
    found: dict[str, Any] = json.loads(text)
    first, second = found["components"]
    assert first["purl"] == "pkg:pypi/one-package@1.0"
    assert [one["content"][0] for one in first["hashes"]] == ["a", "b"]
    assert second["purl"] == "pkg:pypi/other-package@2.0%2Blocal"
    assert second["properties"] == [{"name": "python:marker", "value": "sys_platform != 'win32'"}]
    assert found["metadata"]["component"]["name"] == found["dependencies"][0]["ref"] == "notes"
    assert text == render_sbom(LOCK, "abc", COMMITTED, "notes") != render_sbom(LOCK, "abd", COMMITTED, "notes")


def test_it_is_cyclonedx() -> None:
    done = deployer("sbom", "--lock", "requirements.lock")
    assert done.returncode == 0, done.stderr
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(done.stdout) is None
    assert validator.validate_str(done.stdout.replace('"library"', '"book"')) is not None
    pinned = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line[0].isalnum()]
    assert len(json.loads(done.stdout)["components"]) == len(pinned) > 0


@pytest.mark.parametrize("text", ["", "# nothing\n", "package>=1.0\n"])
def test_a_file_that_pins_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        render_sbom(text, "abc", COMMITTED, "notes")


@pytest.mark.parametrize("verb", ["sbom", "audit"])
def test_a_file_that_is_not_there_is_3(verb: str) -> None:
    done = deployer(verb, "--lock", "no-such.lock")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no-such.lock" in done.stderr


def test_a_lock_file_without_hashes_is_no_reason_to_skip(tmp_path: Path) -> None:
    lock = tmp_path / "loose.lock"
    lock.write_text("one-package>=1.0\n")
    done = deployer("audit", "--lock", str(lock), "--service", "http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (3, "")
    assert "does not contain a hash" in done.stderr


class _Osv(BaseHTTPRequestHandler):
    """An OSV service that knows one vulnerability: https://google.github.io/osv.dev/post-v1-query/"""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        package = {"name": "one-package", "ecosystem": "PyPI"}
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}]
        known = {"id": "PYSEC-1-1", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z"}
        known |= {"summary": "bad", "details": "bad"}
        known |= {"affected": [{"package": package, "ranges": ranges, "versions": ["1.0"]}]}  # type: ignore[dict-item]
        answer = {"vulns": [known]} if asked["package"]["name"] == "one-package" else {}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def osv() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Osv)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_findings_data_that_cannot_be_reached_and_neither_are_three_answers(osv: str, tmp_path: Path) -> None:
    lock, good = tmp_path / "bad.lock", tmp_path / "good.lock"
    lock.write_text(LOCK.replace("+local", ""))
    good.write_text(LOCK[LOCK.index("Other") :].replace("+local", ""))
    found = deployer("audit", "--lock", str(lock), "--service", osv)
    assert (found.returncode, found.stdout) == (4, "")
    assert "one-package 1.0: PYSEC-1-1, fixed in 1.1" in found.stderr
    assert deployer("audit", "--lock", str(good), "--service", osv).returncode == 0
    unreachable = deployer("audit", "--lock", str(lock), "--service", f"http://127.0.0.1:{free_port()}")
    assert (unreachable.returncode, unreachable.stdout) == (6, "")
    assert "vulnerabilities were not checked" in unreachable.stderr


def test_a_lock_that_pins_nothing_was_not_audited(tmp_path: Path) -> None:
    lock = tmp_path / "empty.lock"
    lock.write_text("")
    done = deployer("audit", "--lock", str(lock))
    assert (done.returncode, done.stdout) == (3, "")
    assert "pins no package" in done.stderr


def test_a_package_that_was_skipped_is_neither_good_nor_bad(tmp_path: Path) -> None:
    """In the place of pip-audit, one that says of a package what pip-audit says when it finds no data."""
    said = {"dependencies": [{"name": "one-package", "skip_reason": "not found"}]}
    module = tmp_path / "pip_audit"
    module.mkdir()
    (module / "__init__.py").write_text("")
    (module / "__main__.py").write_text(f"print({json.dumps(json.dumps(said))})\n")
    lock = tmp_path / "some.lock"
    lock.write_text(LOCK)
    done = subprocess.run(
        [sys.executable, "-m", "deployer", "ci", "audit", "--lock", str(lock)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (6, "")
    assert "why: one-package (not found)" in done.stderr


def listed() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and name not in KNOWN]


def credentials(files: list[Path]) -> list[str]:
    return [
        f"{file}:{number}: {what}"
        for file in files
        if file.is_file()
        for number, line in enumerate(file.read_bytes().decode(errors="replace").splitlines(), 1)
        if (what := credential_in(line))
    ]


def test_no_credential_lies_in_the_repository(tmp_path: Path) -> None:
    files = listed()
    assert len(files) > 100
    assert credentials(files) == []
    slip = tmp_path / "slip.yaml"
    slip.write_text("a: b\nkey: AKIA" + "Q7" * 8 + "\n")
    assert credentials([*files, slip]) == [f"{slip}:2: an AWS access key"]
