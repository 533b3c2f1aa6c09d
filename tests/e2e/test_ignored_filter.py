"""An AWS that does not know the filter for tags lists everybody's parameters: those of others are never deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout
from tests.e2e.stand_in import stand_in

SERVICE = "ansari-local-whatsapp"
THEIRS = {"of-somebody-else": "String", "secret-of-somebody-else": "SecureString"}


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Iterator[Checkout]:
    """One released environment with parameters of somebody else in its path, behind an AWS that ignores the filter."""
    tiny.commit(checkout)
    run(checkout, "reconcile", "local")
    for name, kind in THEIRS.items():
        aws.ssm(checkout).put_parameter(Name=f"{aws.PATH}/{name}", Value="theirs", Type=kind)  # type: ignore[arg-type]
    with stand_in(checkout.ports["4566"], answers=lambda call, body: unfiltered(checkout, call, body)) as other:
        checkout.edit(f"127.0.0.1:{checkout.ports['4566']}", f"127.0.0.1:{other.port}")
        checkout.share_keys(other.port)
        yield checkout
        checkout.edit(f"127.0.0.1:{other.port}", f"127.0.0.1:{checkout.ports['4566']}")


def unfiltered(checkout: Checkout, call: str, body: bytes) -> bytes | None:
    """The answer to DescribeParameters as if it had no filter for a tag."""
    request: dict[str, Any] = json.loads(body) if call == "ssm:DescribeParameters" else {}
    filters = request.get("ParameterFilters", [])
    if not any(one["Key"].startswith("tag:") for one in filters):
        return None
    kept = [one for one in filters if not one["Key"].startswith("tag:")]
    answer: Any = aws.ssm(checkout).describe_parameters(**{**request, "ParameterFilters": kept})
    answer.pop("ResponseMetadata")
    return json.dumps(answer, default=lambda at: at.timestamp()).encode()


def run(checkout: Checkout, *words: str, code: int = 0) -> str:
    done = checkout.deployer(*words)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def theirs(checkout: Checkout) -> dict[str, str]:
    names = [f"{aws.PATH}/{name}" for name in THEIRS]
    found = aws.ssm(checkout).get_parameters(Names=names, WithDecryption=True)["Parameters"]
    return {one["Name"].rpartition("/")[2]: one["Value"] for one in found}


def test_a_reconcile_that_prunes_leaves_them_alone(world: Checkout) -> None:
    said = run(world, "reconcile", "local", "--prune")
    assert f"? {aws.PATH}/of-somebody-else" in said
    assert "left alone" in said
    assert theirs(world) == dict.fromkeys(THEIRS, "theirs")


def test_a_secret_of_somebody_else_is_not_unset(world: Checkout) -> None:
    name = "secret-of-somebody-else"
    said = run(world, "secret", "unset", "local", name, "--approve", name, code=3)
    assert "was not created by the deployer" in said
    assert theirs(world) == dict.fromkeys(THEIRS, "theirs")


def test_a_destroyed_environment_keeps_them(world: Checkout) -> None:
    said = run(world, "destroy", "local", "--with-secrets", "--approve", SERVICE)
    assert f"= parameter   {aws.PATH}/of-somebody-else   it does not carry the deployer's tag" in said
    assert f"- secret      {aws.PATH}/meta-app-secret" in said
    assert theirs(world) == dict.fromkeys(THEIRS, "theirs")
