"""A person turns on automatic deployments by hand, and pushes: status and drift show it, and a reconcile ends it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests import loopback
from tests.e2e import aws, by_hand, tiny
from tests.e2e.checkout import Checkout
from tests.e2e.test_releases import run

pytestmark = pytest.mark.timeout(240)
REPOSITORY, TAG = "ansari-whatsapp", "rolling"
IMAGE = f"000000000000.dkr.ecr.us-west-2.amazonaws.com/{REPOSITORY}:{TAG}"
MARKED = tiny.SOURCE.replace("def do_GET(self):", "def do_GET(self):\n        os.environ['PROGRAM'] = 'second'")


@pytest.fixture(scope="module")
def released(checkout: Checkout) -> Checkout:
    """Release 1 runs one program, release 2 another."""
    tiny.commit(checkout)
    run(checkout, "reconcile", "local")
    tiny.commit(checkout, MARKED)
    run(checkout, "reconcile", "local")
    return checkout


def service(checkout: Checkout) -> Any:
    [found] = aws.apprunner(checkout).list_services()["ServiceSummaryList"]
    return by_hand.described(checkout, found["ServiceArn"])


def push(checkout: Checkout, number: int) -> None:
    """The image of a release, under the tag that the service watches."""
    releases = json.loads(run(checkout, "releases", "local", "--json"))
    [digest] = [release["image"] for release in releases if release["number"] == number]
    ecr = aws.ecr(checkout)
    [image] = ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=[{"imageDigest": digest.rpartition("@")[2]}])[
        "images"
    ]
    ecr.put_image(
        repositoryName=REPOSITORY,
        imageManifest=image["imageManifest"],
        imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
        imageTag=TAG,
    )


@pytest.fixture(scope="module")
def automatic(released: Checkout) -> Checkout:
    """By hand the service watches a tag, which first means release 2 and then release 1."""
    aws.ecr(released).put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="MUTABLE")
    push(released, 2)
    found = service(released)
    source = found["SourceConfiguration"]
    source["ImageRepository"]["ImageIdentifier"] = IMAGE
    aws.apprunner(released).update_service(
        ServiceArn=found["ServiceArn"], SourceConfiguration=source | {"AutoDeploymentsEnabled": True}
    )
    by_hand.wait(released, found["ServiceArn"])
    push(released, 1)
    end = time.monotonic() + 60
    while aws.operations(released)[0] != "START_DEPLOYMENT SUCCEEDED":
        assert time.monotonic() < end
        time.sleep(0.05)
    return released


def test_status_shows_what_runs(automatic: Checkout) -> None:
    """The service still names release 2, which its image is not."""
    assert "PROGRAM" not in loopback.get(automatic.service).json()
    found = json.loads(run(automatic, "status", "local", "--json"))
    assert (found["number"], found["state"], found["image"]) == (2, "degraded", IMAGE)
    told = [trouble["what"] for trouble in found["troubles"]]
    assert told[0].startswith(f"the service runs {REPOSITORY}:{TAG}, but release 2 is {REPOSITORY}@sha256:")
    assert told[1].startswith("automatic deployments are on")
    assert f"image {REPOSITORY}:{TAG}" in run(automatic, "status", "local")


def test_drift_shows_it_and_a_reconcile_ends_it(automatic: Checkout) -> None:
    said = run(automatic, "drift", "local")
    assert f"-> {REPOSITORY}:{TAG}" in said
    assert "auto_deployments  setting  false -> true" in said
    run(automatic, "reconcile", "local")
    assert loopback.get(automatic.service).json()["PROGRAM"] == "second"
    assert json.loads(run(automatic, "status", "local", "--json"))["state"] == "healthy"
    before = aws.operations(automatic)
    aws.ecr(automatic).put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="MUTABLE")
    push(automatic, 2)
    assert aws.operations(automatic) == before
