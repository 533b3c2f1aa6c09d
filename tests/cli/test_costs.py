"""`deployer costs`: what a service costs each month, from its manifest alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.manifest.size import Size
from deployer.targets.registry import describe, targets
from deployer.verbs.costs import CostsOptions, calculate_costs
from deployer.view.costs_text import render_costs
from deployer.view.json_text import as_json
from tests.samples import make_project

SIZES = st.builds(
    Size,
    cpu_units=st.sampled_from((256, 512, 1024, 2048, 4096)),
    memory_mb=st.sampled_from((512, 1024, 2048, 4096, 8192)),
    instances=st.integers(1, 25),
)


@pytest.fixture
def costs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return "staging"


def test_an_idle_service_on_app_runner_costs_its_memory(costs: str) -> None:
    """AWS's price page: $0.007 for a GB and hour; 730 hours a month."""
    document = json.loads(as_json(calculate_costs(CostsOptions(environment=costs))))
    first = document["targets"][0]
    assert (document["cpu_units"], document["memory_mb"], document["instances"]) == (1024, 2048, 1)
    assert (first["target"], first["chosen"], first["dollars"]) == ("apprunner", True, 10.22)
    assert [target["chosen"] for target in document["targets"]] == [True] + [False] * (len(targets()) - 1)


def test_the_text_names_every_target_its_costs_and_the_source_of_the_prices(costs: str) -> None:
    text = render_costs(calculate_costs(CostsOptions(environment=costs)))
    assert text.startswith("staging: 1 instance of 1 vCPU and 2 GB, each month at least\n")
    for name in targets():
        assert describe(name).title in text
        for source in describe(name).costs(Size(1024, 2048, 1)).sources:
            assert source in text
    assert "$10.22" in text
    assert max(map(len, text.splitlines())) <= 100


@given(SIZES)
def test_more_is_never_cheaper(size: Size) -> None:
    more = Size(size.cpu_units * 2, size.memory_mb * 2, size.instances + 1)
    for name in targets():
        costs = describe(name).costs
        assert 0 < costs(size).dollars < costs(more).dollars
        assert costs(size).dollars == pytest.approx(sum(part.dollars for part in costs(size).parts))
