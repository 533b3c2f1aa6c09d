"""What outlives a command, the ledger and a saved plan, is written without the secrets that the command knew."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from deployer import secrecy
from deployer.core.cause import Cause, CauseKind
from deployer.core.caution import Unverified
from deployer.core.desired import Desired
from deployer.core.hold import Hold
from deployer.core.observed import Observed
from deployer.core.release import LEDGER_BYTES
from deployer.core.secret import SecretValue
from deployer.core.unverified import RightsRefused
from deployer.resources.planner import plan
from deployer.resources.service.notice import UnmanagedSetting
from deployer.resources.ssm_parameters.blocker import RefusedSecret
from deployer.view.plan_json import PlanDocument, document
from tests.core.test_hold import MANUAL
from tests.core.test_release import release
from tests.core.test_secrecy import SENTINEL, SPELLED
from tests.samples import read_release


@pytest.fixture(autouse=True)
def _known() -> Iterator[None]:
    secrecy.forget()
    SecretValue(SENTINEL)
    yield
    secrecy.forget()


def hidden(text: str) -> str:
    """The text with the only thing that may stand for the secret."""
    assert secrecy.HIDDEN in text
    assert re.search("sentinel", text) is None
    return text


@pytest.mark.parametrize("spelling", SPELLED)
def test_the_cause_of_a_release_holds_no_secret(spelling: str) -> None:
    why = f"the deployment failed: cannot start with {SPELLED[spelling](SENTINEL)}"
    kept = read_release(release(why=why).to_text())
    assert hidden(kept.why).startswith("the deployment failed: cannot start with ")
    assert read_release(release(why=why).fitted().to_text()) == kept


def test_a_cause_is_cut_behind_a_secret_and_not_inside_it() -> None:
    """Half a secret is not recognised by whoever shows it later."""
    noise = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(150))  # it cannot be packed much
    sizes = (n for n in range(len(noise), 0, -8) if len(release(why=noise[:n]).to_text()) <= LEDGER_BYTES)
    most = next(sizes)
    for length in range(most - 60, most, 6):
        assert "sentinel" not in release(why=f"{noise[:length]}{SENTINEL}{noise[:400]}").fitted().why


def test_what_a_rollback_deploys_stays_exact() -> None:
    kept = read_release(release(literals={"ORIGINS": SENTINEL}, why="x").to_text())
    assert kept.literals["ORIGINS"] == SENTINEL


def test_the_reason_of_a_hold_holds_no_secret() -> None:
    kept = Hold.from_text(replace(MANUAL, reason=f"Meta refused {SENTINEL}", refused=("a", "b")).to_text())
    assert hidden(kept.reason) == "Meta refused <secret>"
    assert kept.refused == ("a", "b")


def test_a_saved_plan_holds_no_secret(make_desired: Callable[..., Desired], empty: Observed) -> None:
    made = plan(make_desired(), empty)
    told = f"was {SENTINEL} before"
    shown = replace(
        made,
        warnings=(Unverified(RightsRefused(role=told, refused="iam:GetRole")),),
        notices=(UnmanagedSetting("x", told, cause=Cause(kind=CauseKind.UNMANAGED)),),
        blockers=(RefusedSecret("x", "x", told),),
        hold=replace(MANUAL, reason=told),
    )
    text = document(shown).model_dump_json()
    found = json.loads(hidden(text))
    blocker = found["blockers"][0]
    assert blocker["details"]["why"] == found["hold"]["reason"] == "was <secret> before"
    texts = (found["warnings"][0]["text"], found["notices"][0]["detail"], blocker["what"])
    assert all("was <secret> before" in text for text in texts)
    assert found["facts"] == made.facts
    assert PlanDocument.model_validate_json(text) == document(shown)
