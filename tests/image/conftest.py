"""One buildah per test module, for whatever builds in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.ci.repository import Repository
from tests.docs.world import World
from tests.image.buildah import Buildah, make_buildah


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    made = make_buildah(tmp_path_factory.mktemp("buildah"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def repository(buildah: Buildah, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Production asks a person and trusts no other environment's image: it builds one of its own before the consent."""
    world = World(tmp_path_factory.mktemp("pipeline"))
    production = world.checkout.root / "env" / "production.yaml"
    text = production.read_text()
    assert ", healthy_in: staging" in text
    production.write_text(text.replace(", healthy_in: staging", ""))
    tools = {**buildah.environment, **buildah.packages}
    made = Repository(world, tmp_path_factory.mktemp("runner"), tools)
    assert made.deployer("bootstrap", "staging").returncode == 0
    shown = made.deployer("bootstrap", "production")
    [fingerprint] = re.findall(r"--approve (\w+)", shown.stderr)
    assert made.deployer("bootstrap", "production", "--approve", fingerprint).returncode == 0
    made.give_secrets("staging", "production")
    yield made
    world.close()
