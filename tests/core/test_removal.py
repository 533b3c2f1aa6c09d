"""What is deleted with an environment, what stays, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deployer.core.desired import Desired, DesiredImage
from deployer.core.observed import ObservedParameter, RemovableRole
from deployer.core.reason import History, NeedsOption, NotOurs, TargetLogs, UsedBy
from deployer.resources.desired import desired_state
from deployer.resources.iam_roles.reason import OtherPolicies
from deployer.resources.removal import KeptResource, Remains, Removal, RemovalOptions
from deployer.resources.removals import decide_removals
from deployer.resources.ssm_parameters.reason import BelowThePath
from deployer.resources.unions import Reason
from deployer.targets.apprunner.description import APP_RUNNER
from tests.samples import sample

PATH = "/app-runtime/ansari-whatsapp/local"
LITERAL, SECRET = ObservedParameter(False, 1, "x"), ObservedParameter(True, 1, None)
OURS = RemovableRole(ours=True, foreign=())
FULL = Remains(
    service="arn:aws:apprunner:us-west-2:000000000000:service/ansari-local-whatsapp/1",
    scalings=2,
    parameters={f"{PATH}/logging-level": LITERAL, f"{PATH}/meta-app-secret": SECRET},
    roles={"Access": OURS},
    repository=True,
    shared={},
)
NOTHING = Remains(None, 0, shared={})


@pytest.fixture(scope="module")
def desired() -> Desired:
    manifest = sample("local")
    return desired_state(manifest, DesiredImage("ansari-whatsapp", "tag", None, 30), APP_RUNNER)


def test_the_service_goes_first_and_secrets_and_images_stay(desired: Desired) -> None:
    found = decide_removals(desired, FULL, RemovalOptions())
    assert [(one.kind, one.name) for one in found.deleted] == [
        ("service", "ansari-local-whatsapp"),
        ("scaling", "ansari-local-whatsapp"),
        ("parameter", f"{PATH}/logging-level"),
        ("role", "Access"),
    ]
    assert [one.kind for one in found.kept] == ["secret", "repository", "history", "logs"]
    assert found.kept[0].reason == NeedsOption("--with-secrets")
    assert found.kept[1].reason == NeedsOption("--with-repository")
    assert [type(one.reason) for one in found.kept[2:]] == [History, TargetLogs]


def test_what_is_named_goes_too(desired: Desired) -> None:
    found = decide_removals(desired, FULL, RemovalOptions(secrets=True, repository=True))
    assert {"secret", "repository"} <= {one.kind for one in found.deleted}
    assert [one.kind for one in found.kept] == ["history", "logs"]


def test_values_that_were_kept_go_with_the_secrets(desired: Desired) -> None:
    remains = replace(NOTHING, replaced=("/app-deployer/x/replaced/a",))
    assert (
        KeptResource("secret", remains.replaced[0], NeedsOption("--with-secrets"))
        in decide_removals(desired, remains, RemovalOptions()).kept
    )
    [gone] = decide_removals(desired, remains, RemovalOptions(secrets=True)).deleted
    assert (gone.kind, gone.name) == ("secret", remains.replaced[0])


@pytest.mark.parametrize(
    ("remains", "kept"),
    [
        (replace(FULL, parameters={f"{PATH}/x": replace(LITERAL, ours=False)}), NotOurs()),
        (replace(FULL, parameters={f"{PATH}/x": replace(SECRET, ours=False)}), NotOurs()),
        (replace(FULL, parameters={f"{PATH}/deeper/x": LITERAL}), BelowThePath()),
        (replace(FULL, parameters={}, shared={"Access": "staging"}), UsedBy("staging")),
        (replace(FULL, parameters={}, roles={"Access": replace(OURS, ours=False)}), NotOurs()),
        (replace(FULL, parameters={}, roles={"Access": replace(OURS, foreign=("Other",))}), OtherPolicies(("Other",))),
        (replace(FULL, parameters={}, shared={"ansari-whatsapp": "staging"}), UsedBy("staging")),
    ],
)
def test_what_is_not_ours_alone_always_stays(desired: Desired, remains: Remains, kept: Reason) -> None:
    found = decide_removals(desired, remains, RemovalOptions(secrets=True, repository=True))
    assert found.kept[0].reason == kept
    assert found.kept[0].name not in {one.name for one in found.deleted}


def test_nothing_that_is_left_is_nothing_to_delete(desired: Desired) -> None:
    assert decide_removals(desired, NOTHING, RemovalOptions(secrets=True, repository=True)).deleted == ()


def test_a_role_that_stays_loses_what_it_may_do_for_this_environment(desired: Desired) -> None:
    """Other environments and other people's policies keep the role; one that is not ours is not touched at all."""
    own = replace(OURS, policy="ansari-whatsapp-local")
    for remains in (
        replace(FULL, roles={"Access": own}, shared={"Access": "staging"}),
        replace(FULL, roles={"Access": replace(own, foreign=("Other",))}),
    ):
        found = decide_removals(desired, remains, RemovalOptions())
        assert ("policy", "Access/ansari-whatsapp-local") in {(one.kind, one.name) for one in found.deleted}
        assert ("role", "Access") in {(one.kind, one.name) for one in found.kept}
    strange = replace(FULL, roles={"Access": replace(own, ours=False)}, shared={"Access": "staging"})
    assert "policy" not in {one.kind for one in decide_removals(desired, strange, RemovalOptions()).deleted}
    assert "policy" not in {
        one.kind for one in decide_removals(desired, replace(FULL, roles={"Access": own}), RemovalOptions()).deleted
    }


@given(
    observed=st.dictionaries(
        st.sampled_from([f"{PATH}/a", f"{PATH}/b", f"{PATH}/c/d", "/elsewhere/a"]),
        st.builds(ObservedParameter, secure=st.booleans(), version=st.just(1), value=st.none(), ours=st.booleans()),
    ),
    options=st.builds(RemovalOptions, secrets=st.booleans(), repository=st.booleans()),
    shared=st.dictionaries(st.sampled_from(["Access", "ansari-whatsapp"]), st.just("staging")),
)
def test_everything_is_either_deleted_or_stays_and_only_what_is_ours_goes(
    desired: Desired, observed: dict[str, ObservedParameter], options: RemovalOptions, shared: dict[str, str]
) -> None:
    found = decide_removals(desired, replace(FULL, parameters=observed, shared=shared), options)
    every: list[Removal | KeptResource] = [*found.deleted, *found.kept]
    assert sorted(one.name for one in every if one.kind in {"parameter", "secret"}) == sorted(observed)
    for one in found.deleted:
        assert one.name not in shared
        assert one.kind not in {"parameter", "secret"} or observed[one.name].ours
        assert one.kind != "secret" or options.secrets
