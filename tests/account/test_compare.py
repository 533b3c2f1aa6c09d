"""What a bootstrap finds in an account besides its steps."""

from __future__ import annotations

import pytest

from deployer.account.compare import ObservedAccount, plan_steps
from deployer.account.finding import OperatorPolicy
from deployer.account.requirements import requirements_of
from deployer.core.desired import DesiredImage
from deployer.manifest.load import parse
from deployer.resources.desired import desired_state
from deployer.targets.apprunner.description import APP_RUNNER
from tests.samples import sample_path, sample_text


@pytest.mark.parametrize("table", [False, True])
def test_the_policy_of_operators_is_noted_where_a_table_needs_it(table: bool) -> None:
    text = sample_text("staging")
    if table:
        text = text.replace("\nprotect:", "\ninbox: {kind: dynamodb, table: an-inbox}\nprotect:")
    loaded = parse(text.encode(), sample_path("staging"))
    github = loaded.manifest.github
    assert github is not None
    desired = desired_state(loaded, DesiredImage("ansari-whatsapp", "", None, 30), APP_RUNNER)
    requirements = requirements_of(loaded.manifest, github, desired, "staging.yaml:1")
    nothing = ObservedAccount(None, None, {principal.use: None for principal in requirements.principals})
    noted = [note for note in plan_steps(requirements, nothing).notes if isinstance(note, OperatorPolicy)]
    assert noted == ([OperatorPolicy(name="ansari-whatsapp-staging-operator")] if table else [])
