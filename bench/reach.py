"""A pytest plugin for bench/mutants.py: coverage notes with each line which test runs it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from coverage import Coverage


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Name the test of what runs from here on, without the parameters that it is given."""
    coverage = Coverage.current()
    assert coverage is not None
    coverage.switch_context(item.nodeid.partition("[")[0])
    return (yield)
