"""The end-to-end tests with ministack in the place of moto: two emulations of AWS seldom have the same mistake.

A test may fail for a reason that is in ministack.toml. Any other failure is one, and so is a listed test that passes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as Xml

import pytest

from deployer.local.upstream import VARIABLE
from tests.samples import ROOT
from tests.torture import ministack

pytestmark = pytest.mark.timeout(3600)
FILES: Final = (
    "test_adopt.py",
    "test_bad_input.py",
    "test_ci_rights.py",
    "test_destroy.py",
    "test_doctor.py",
    "test_environments.py",
    "test_hostile.py",
    "test_ignored_filter.py",
    "test_json.py",
    "test_protection.py",
    "test_refused.py",
    "test_releases.py",
    "test_secrecy.py",
    "test_secret.py",
    "test_service_state.py",
    "test_shared.py",
    "test_status.py",
)
WITHIN: Final = 3000  # seconds for one file


@pytest.fixture(scope="module")
def endpoint(full: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not full:
        pytest.skip("`just torture` installs ministack and runs the end-to-end tests with it")
    python = ministack.install(tmp_path_factory.mktemp("environment"))
    with ministack.running(python, tmp_path_factory.mktemp("ministack")) as url:
        yield url


def test_the_list_names_tests_that_are_run() -> None:
    assert {name.partition("::")[0] for name in ministack.differences()} <= set(FILES)
    for name in ministack.differences():
        file, _, test = name.partition("::")
        function = test.rpartition("::")[2].partition("[")[0]
        assert f"def {function}(" in (ROOT / "tests" / "e2e" / file).read_text(), name


@pytest.mark.parametrize("file", FILES)
def test_only_what_is_known_to_differ_fails(endpoint: str, file: str, tmp_path: Path) -> None:
    ministack.reset(endpoint)
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, f"tests/e2e/{file}"],
        cwd=ROOT,
        env={**environment, VARIABLE: endpoint},
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN,
    )
    assert report.is_file(), done.stdout + done.stderr
    failed = outcomes(report)
    known = {name.partition("::")[2] for name in ministack.differences() if name.startswith(f"{file}::")}
    new = {name for name, bad in failed.items() if bad} - known
    assert not new, f"{sorted(new)}\n{done.stdout[-20_000:]}"
    passed = known - {name for name, bad in failed.items() if bad}
    assert not passed, f"these pass now: take them out of {ministack.DIFFERENCES.name}: {sorted(passed)}"


def outcomes(report: Path) -> dict[str, bool]:
    """Whether each test failed, by its name with its class."""
    found: dict[str, bool] = {}
    for case in Xml.parse(report).iter("testcase"):  # noqa: S314 -- pytest's own
        classes = case.get("classname", "").split(".")[3:]
        bad = case.find("failure") is not None or case.find("error") is not None
        name = "::".join([*classes, case.get("name", "")])
        found[name] = found.get(name, False) or bad
    return found
