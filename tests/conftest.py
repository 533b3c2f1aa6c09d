"""No test may reach a real AWS account: dummy credentials, and no configuration of the user is read."""

from __future__ import annotations

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


LIVE = Path(__file__).parents[1] / "env"
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


# Their files take long. They come first, so that no process is left alone with one of them at the end.
LONG = ("docs", "torture", "e2e", "image", "ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folders = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: folders.get(item.path.parent.name, len(LONG)))


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
