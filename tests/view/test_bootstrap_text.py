"""What a bootstrap finds besides its steps, as a person reads it."""

from __future__ import annotations

import pytest

from deployer.account.finding import (
    Blocker,
    DeniedNeed,
    ForeignPrincipal,
    MissingPrincipal,
    MissingTrust,
    MoreRights,
    NoProvider,
    Note,
    OperatorPolicy,
    OtherAudience,
    OtherPolicies,
    PassRole,
    RightsUnseen,
    SettledItem,
    SharedPrincipal,
    StrangerTrusted,
)
from deployer.account.steps import Steps
from deployer.core.policies.rights import Need
from deployer.core.policies.trust import Stranger
from deployer.view.bootstrap_text import blocker_text, note_text, render

ISSUER = "token.actions.githubusercontent.com"
CREATE = (
    "let the deployer create it: `managed: true` in github.credentials; "
    "or create it yourself from: just bootstrap staging --print"
)
NEED = Need("ssm:PutParameter", ("*",))
NOTHING = Steps("staging", "App Runner", (), (), (), ())


@pytest.mark.parametrize(
    ("blocker", "what", "fix"),
    [
        (NoProvider(key="github.credentials", line="x:1"), f"the account does not know {ISSUER}", CREATE),
        (
            OtherAudience(arn="arn:provider", audiences=(), line="x:1"),
            f"the account knows {ISSUER}, but for no audience, not for sts.amazonaws.com",
            (
                "it may be used by others, so add it yourself: aws iam add-client-id-to-open-id-connect-provider "
                "--open-id-connect-provider-arn arn:provider --client-id sts.amazonaws.com"
            ),
        ),
        (
            ForeignPrincipal(principal="role", name="ci", key="github.credentials", line="x:1"),
            "role ci exists with another trust policy, and the deployer did not create it",
            (
                "name another in github.credentials; or let the deployer manage it: "
                "aws iam tag-role --role-name ci --tags Key=managed-by,Value=deployer"
            ),
        ),
        (
            MissingPrincipal(principal="user", name="ci", key="github.credentials", line="x:1"),
            "user ci does not exist",
            CREATE,
        ),
        (
            DeniedNeed(principal="role", name="ci", need=NEED, line="x:1"),
            "role ci does not allow ssm:PutParameter",
            f"add to a policy of it: {NEED.statement}",
        ),
        (
            MissingTrust(role="ci", admitted="tasks.apprunner.amazonaws.com", line="x:1"),
            "role ci does not trust tasks.apprunner.amazonaws.com",
            "set its trust policy as shown by: just bootstrap staging --print",
        ),
        (
            StrangerTrusted(
                role="ci", stranger=Stranger("named", "repo:team/*"), admits=("repo:team/a", "repo:team/b"), line="x:1"
            ),
            "role ci can be assumed by repo:team/*",
            "name the jobs of this environment only: repo:team/a, repo:team/b",
        ),
        (
            StrangerTrusted(role="ci", stranger=Stranger("every-job"), admits=("repo:team/a",), line="x:1"),
            "role ci can be assumed by every job of every repository on GitHub",
            "name the jobs of this environment only: repo:team/a",
        ),
        (
            StrangerTrusted(role="ci", stranger=Stranger("everybody"), admits=("repo:team/a",), line="x:1"),
            "role ci can be assumed by everybody",
            "name the jobs of this environment only: repo:team/a",
        ),
    ],
)
def test_what_must_be_fixed_first(blocker: Blocker, what: str, fix: str) -> None:
    assert blocker_text(blocker, "staging") == (what, fix)


def shared(use: str, if_shared: str) -> SharedPrincipal:
    key = "service.roles" if if_shared else "github.credentials"
    return SharedPrincipal(
        principal="role", name="ci", use=use, key=key, environments=("next", "production"), if_shared=if_shared
    )


@pytest.mark.parametrize(
    ("note", "text"),
    [
        (
            OtherPolicies(principal="user", name="ci", policies=("a", "b")),
            "user ci also has other policies: a, b",
        ),
        (
            RightsUnseen(principal="role", name="ci", why="denied"),
            "what role ci allows was not checked: denied",
        ),
        (
            MoreRights(principal="role", name="ci"),
            (
                "whether role ci has more permissions is not checked. It runs the code of pull requests, so allow it "
                "to write and decrypt nothing: just bootstrap staging --print shows the policy"
            ),
        ),
        (
            PassRole(principal="role", name="ci"),
            (
                "whether role ci may pass the service's roles to App Runner cannot be checked: "
                "just bootstrap staging --print shows the statement for iam:PassRole"
            ),
        ),
        (
            OperatorPolicy(name="demo-staging-operator"),
            (
                "policy demo-staging-operator lets people use just inbox, dead and replay, and is not created here: "
                "just bootstrap staging --print shows the commands"
            ),
        ),
        (
            shared("deploy", ""),
            (
                "role ci is shared with next, production and can deploy both; "
                "give each environment its own in github.credentials"
            ),
        ),
        (
            shared("plan", ""),
            (
                "role ci is shared with next, production and can read both; "
                "give each environment its own in github.credentials"
            ),
        ),
        (
            shared("image", ""),
            (
                "role ci is shared with next, production and can push the images of both; "
                "give each environment its own in github.credentials"
            ),
        ),
        (
            shared("access", "pulls the images of both"),
            (
                "role ci is shared with next, production and pulls the images of both; "
                "give each environment its own in service.roles, if they are to differ"
            ),
        ),
    ],
)
def test_a_note(note: Note, text: str) -> None:
    assert note_text(note, NOTHING) == text


def test_what_is_as_it_should_be_has_a_line() -> None:
    settled = (
        SettledItem("repository", "demo"),
        SettledItem("provider", ISSUER),
        SettledItem("role", "ci", "deploy"),
        SettledItem("user", "puller", "access"),
    )
    found = Steps("staging", "App Runner", (), (), settled, ())
    assert render(found, title="demo / staging").splitlines() == [
        "demo / staging",
        "",
        "  = repository demo                               as it should be",
        f"  = provider {ISSUER}  knows sts.amazonaws.com",
        "  = role ci                                       deploys",
        "  = user puller                                   pulls the image",
        "",
        "Nothing to do: the account is ready for staging.",
    ]
