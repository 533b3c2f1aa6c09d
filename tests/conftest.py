"""No test may reach a real AWS account: dummy credentials, and no configuration of the user is read."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

DUMMY = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": "us-west-2",
    "AWS_DEFAULT_REGION": "us-west-2",
}


TESTS = Path(__file__).parent
LIVE = TESTS.parent / "env"
MAY_READ_LIVE = (
    "tests/manifest/test_env_files.py",
    "tests/ci/test_supply_chain.py::test_no_credential_lies_in_the_repository",
)


def _refuse_live_manifests(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: whoever opens a manifest of env/ depends on what its users write there."""
    if event != "open" or not isinstance(path := arguments[0], str) or not path.endswith(".yaml"):
        return
    reader = os.environ.get("PYTEST_CURRENT_TEST", "a module that is imported")
    if Path(path).absolute().parent == LIVE and not reader.startswith(MAY_READ_LIVE):
        raise AssertionError(f"{reader} reads {path}: use tests/samples.py")


# Their tests start processes. The others come before them, so that a plain mistake is seen within the first minute;
# of these the longest files come first, so that no process is left alone with one of them at the end.
STARTING = ("docs", "torture", "e2e", "image", "ci", "ansari_whatsapp", "cli", "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(STARTING, 1)}
    items.sort(key=lambda item: places.get(item.path.relative_to(TESTS).parts[0], 0))


def pytest_collection_finish() -> None:
    """Search what was loaded for garbage once, and never again."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """Two processes per core: half of its time a process waits for what it has started."""
    return 2 * (os.cpu_count() or 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="every case instead of a fixed sample, and new examples")


def pytest_configure(config: pytest.Config) -> None:
    # Hundreds of processes start from the same files: without bytecode each compiles them again.
    for name in [name for name in os.environ if name.startswith("AWS_") or name == "PYTHONDONTWRITEBYTECODE"]:
        del os.environ[name]
    # `./just` says how commands are to be called; what is expected is written for `just`.
    os.environ.update(DUMMY, DEPLOYER_JUST="just")
    # No deadline: how long an example takes says what else the machine does. The same examples each time, so that a
    # change is refused for what it did itself; `--full` and `--hypothesis-profile=new` look for new ones.
    settings.register_profile("same", deadline=None, derandomize=True)
    settings.register_profile("new", deadline=None)
    settings.load_profile("new" if config.getoption("full") else "same")
    sys.addaudithook(_refuse_live_manifests)
    if os.environ["AWS_ACCESS_KEY_ID"] != "testing":
        pytest.exit("tests run with dummy AWS credentials only", returncode=4)
