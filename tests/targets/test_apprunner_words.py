"""App Runner's words for a service and for an operation."""

from __future__ import annotations

import botocore.session
import pytest

from deployer.core.target import ServiceStatus
from deployer.errors import StateUnknown
from deployer.targets.apprunner.words import PROGRESS, STATUSES, progress, status
from deployer.targets.base import Progress

MODEL = botocore.session.get_session().get_service_model("apprunner")


def test_every_word_of_the_api_has_a_meaning_and_every_meaning_a_word() -> None:
    assert STATUSES.keys() == set(MODEL.shape_for("ServiceStatus").enum)  # type: ignore[attr-defined]
    assert PROGRESS.keys() == set(MODEL.shape_for("OperationStatus").enum)  # type: ignore[attr-defined]
    assert set(STATUSES.values()) == set(ServiceStatus)
    assert set(PROGRESS.values()) == set(Progress)


def test_an_unknown_word_ends_the_run() -> None:
    for meaning in (status, progress):
        with pytest.raises(StateUnknown, match="a status this version does not know: RESTING"):
            meaning("RESTING")
