"""An account is prepared for an environment: shown, made once, mended where it is ours, else told what to mend."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jsonschema
import pytest

from deployer.view.schemas import schema_json
from tests.e2e import accounts, aws, tiny
from tests.e2e.accounts import ACCOUNT
from tests.e2e.checkout import Checkout
from tests.e2e.stand_in import stand_in
from tests.e2e.test_refused import refuse
from tests.terminal import on_terminal

pytestmark = pytest.mark.timeout(240)
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
POLICY = "ansari-whatsapp-staging"
DENIAL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})
READS = ("Get", "List", "Describe", "Simulate")


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    tiny.commit(checkout)
    accounts.write_two(checkout)
    return checkout


@pytest.fixture(autouse=True)
def nothing_there(world: Checkout) -> Iterator[None]:
    """Each test begins with an empty account, and with the manifests as they were."""
    before = {name: accounts.path(world, name).read_text() for name in ("staging", "production")}
    yield
    for name, text in before.items():
        accounts.path(world, name).write_text(text)
    empty(world)


def empty(checkout: Checkout) -> None:
    iam, ecr = aws.iam(checkout), aws.ecr(checkout)
    for repository in ecr.describe_repositories()["repositories"]:
        ecr.delete_repository(repositoryName=repository["repositoryName"], force=True)
    for role in iam.list_roles()["Roles"]:
        for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            iam.delete_role_policy(RoleName=role["RoleName"], PolicyName=policy)
        iam.delete_role(RoleName=role["RoleName"])
    for user in iam.list_users()["Users"]:
        for attached in iam.list_attached_user_policies(UserName=user["UserName"])["AttachedPolicies"]:
            iam.detach_user_policy(UserName=user["UserName"], PolicyArn=attached["PolicyArn"])
        for name in iam.list_user_policies(UserName=user["UserName"])["PolicyNames"]:
            iam.delete_user_policy(UserName=user["UserName"], PolicyName=name)
        iam.delete_user(UserName=user["UserName"])
    for ours in iam.list_policies(Scope="Local")["Policies"]:
        for version in iam.list_policy_versions(PolicyArn=ours["Arn"])["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=ours["Arn"], VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=ours["Arn"])
    for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])


def run(checkout: Checkout, *words: str, code: int = 0) -> tuple[str, str]:
    done = checkout.deployer(*words)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def bootstrap(checkout: Checkout, *words: str, name: str = "staging", code: int = 0) -> tuple[str, str]:
    return run(checkout, "bootstrap", name, *words, code=code)


def told(checkout: Checkout, *words: str, name: str = "staging", code: int = 0) -> dict[str, Any]:
    """As JSON that its schema allows."""
    shown, _ = bootstrap(checkout, *words, "--json", name=name, code=code)
    found: dict[str, Any] = json.loads(shown)
    jsonschema.Draft202012Validator(json.loads(schema_json("bootstrap"))).validate(found)
    return found


def everything(checkout: Checkout) -> tuple[Any, ...]:
    iam = aws.iam(checkout)
    return (
        [one["repositoryName"] for one in aws.ecr(checkout).describe_repositories()["repositories"]],
        sorted(one["RoleName"] for one in iam.list_roles()["Roles"]),
        [one["UserName"] for one in iam.list_users()["Users"]],
        [one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]],
    )


@contextmanager
def written(checkout: Checkout) -> Iterator[set[str]]:
    """The calls that change something, as they are made."""
    before = accounts.path(checkout, "staging").read_text()
    found: set[str] = set()
    with stand_in(checkout.ports["4566"]) as seen:
        checkout.share_keys(seen.port)
        port = f"127.0.0.1:{checkout.ports['4566']}"
        accounts.edit(checkout, "staging", port, f"127.0.0.1:{seen.port}")
        yield found
        found |= {call for call in seen.calls if not call.partition(":")[2].startswith(READS)}
    accounts.path(checkout, "staging").write_text(before)


def by_keys(checkout: Checkout, *, managed: bool) -> None:
    old = "{kind: oidc, role: staging-deployer, managed: true}"
    new = f"{{kind: keys, user: some-user, managed: {str(managed).lower()}}}"
    accounts.edit(checkout, "staging", old, new)


class TestFromNothing:
    def test_all_of_it_is_made_and_a_second_run_writes_nothing(self, world: Checkout) -> None:
        shown, said = bootstrap(world)
        assert "+ repository ansari-whatsapp" in shown
        assert "+ provider token.actions.githubusercontent.com" in shown
        assert "staging.yaml:" in shown
        assert "11 to add, 0 to change." in shown
        assert shown.endswith("The account is ready for staging.\n")
        assert "+ policy staging-deployer" in said
        assert everything(world) == (
            ["ansari-whatsapp"],
            ["staging-access", "staging-deployer", "staging-deployer-plan", "staging-instance"],
            [],
            [PROVIDER],
        )
        with written(world) as writes:
            again, _ = bootstrap(world)
        assert "Nothing to do: the account is ready for staging." in again
        assert writes == set()

    @pytest.mark.parametrize(
        ("name", "environment"), [("staging-deployer", "staging"), ("staging-deployer-plan", "staging-plan")]
    )
    def test_the_roles_trust_their_own_only(self, world: Checkout, name: str, environment: str) -> None:
        bootstrap(world)
        role = aws.iam(world).get_role(RoleName=name)["Role"]
        document: Any = role["AssumeRolePolicyDocument"]
        [statement] = document["Statement"]
        assert statement["Principal"] == {"Federated": PROVIDER}
        assert statement["Condition"] == {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": [
                    f"repo:some-team/some-app:environment:{environment}",
                    f"repo:some-team@11/some-app@22:environment:{environment}",
                ],
            }
        }
        assert {"Key": "managed-by", "Value": "deployer"} in role["Tags"]

    def test_a_preview_changes_nothing_and_json_tells_the_same(self, world: Checkout) -> None:
        shown, _ = bootstrap(world, "--preview")
        found = told(world, "--preview")
        assert found["fingerprint"] in shown
        assert (found["done"], len(found["steps"])) == (False, 11)
        assert everything(world) == ([], [], [], [])
        done = told(world)
        assert (done["done"], done["steps"]) == (True, found["steps"])
        assert told(world)["steps"] == []

    def test_what_reconcile_manages_is_what_was_made(self, world: Checkout) -> None:
        bootstrap(world)
        plan = json.loads(run(world, "plan", "staging", "--json")[0])
        assert not [one for one in plan["changes"] if one["group"] == "Access"]
        assert not [one for one in plan["changes"] if one["address"].startswith(("repository", "lifecycle"))]

    def test_a_second_environment_has_roles_of_its_own(self, world: Checkout) -> None:
        bootstrap(world)
        shown, _ = bootstrap(world, name="production")
        assert "= provider" in shown
        assert "shared" not in shown
        assert "Nothing to do" in bootstrap(world)[0]

    def test_keys_are_a_user_with_a_policy_beside_it_and_no_key(self, world: Checkout) -> None:
        by_keys(world, managed=True)
        shown, _ = bootstrap(world)
        assert "+ attach some-user" in shown
        iam = aws.iam(world)
        assert everything(world)[1:] == (["staging-access", "staging-instance"], ["some-user"], [])
        assert iam.list_access_keys(UserName="some-user")["AccessKeyMetadata"] == []
        [attached] = iam.list_attached_user_policies(UserName="some-user")["AttachedPolicies"]
        assert attached.get("PolicyName") == POLICY
        assert "Nothing to do" in bootstrap(world)[0]


class TestMended:
    def test_a_trust_and_a_policy_of_ours(self, world: Checkout) -> None:
        bootstrap(world)
        iam = aws.iam(world)
        trust: Any = iam.get_role(RoleName="staging-access")["Role"]["AssumeRolePolicyDocument"]
        iam.update_assume_role_policy(RoleName="staging-deployer", PolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName="staging-instance", PolicyName=POLICY, PolicyDocument=DENIAL)
        iam.put_role_policy(RoleName="staging-deployer", PolicyName="theirs", PolicyDocument=DENIAL)
        shown, _ = bootstrap(world)
        assert "~ trust staging-deployer" in shown
        assert "~ policy staging-instance" in shown
        assert "0 to add, 2 to change." in shown
        assert "note: role staging-deployer also has other policies: theirs" in shown
        assert "Nothing to do" in bootstrap(world)[0]

    def test_a_users_policy_however_often_it_was_written(self, world: Checkout) -> None:
        by_keys(world, managed=True)
        bootstrap(world)
        iam, arn = aws.iam(world), f"arn:aws:iam::{ACCOUNT}:policy/{POLICY}"
        for _ in range(4):  # with the first, as many as IAM keeps
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=DENIAL, SetAsDefault=True)
        assert "~ policy some-user" in bootstrap(world)[0]
        assert "Nothing to do" in bootstrap(world)[0]

    def test_a_role_that_somebody_else_made_keeps_its_trust(self, world: Checkout) -> None:
        foreign = {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "sts:AssumeRole",
        }
        iam = aws.iam(world)
        document = json.dumps({"Version": "2012-10-17", "Statement": [foreign]})
        iam.create_role(RoleName="staging-deployer", AssumeRolePolicyDocument=document)
        before = everything(world)
        shown, said = bootstrap(world, code=3)
        assert (
            "blocked: role staging-deployer exists with another trust policy, and the deployer did not create it"
            in shown
        )
        assert "aws iam tag-role --role-name staging-deployer" in said
        assert everything(world) == before
        assert told(world, code=3)["blockers"][0]["line"].startswith("staging.yaml:")

    def test_a_provider_for_another_audience_stays_as_it_is(self, world: Checkout) -> None:
        iam = aws.iam(world)
        iam.create_open_id_connect_provider(Url="https://token.actions.githubusercontent.com", ClientIDList=["another"])
        before = everything(world)
        shown, said = bootstrap(world, code=3)
        assert "but for another, not for sts.amazonaws.com" in shown
        assert "aws iam add-client-id-to-open-id-connect-provider" in said
        assert everything(world) == before


class TestKeptBySomebodyElse:
    def test_what_is_not_there_is_told_and_nothing_is_made(self, world: Checkout) -> None:
        kept(world)
        shown, said = bootstrap(world, code=3)
        for name in ("access", "instance", "deployer", "deployer-plan"):
            assert f"blocked: role staging-{name} does not exist" in shown
        assert "`managed: true` in service.roles" in said
        assert "just bootstrap staging --print" in said
        assert everything(world) == ([], [], [], [])

    def test_what_is_missing_is_told_with_the_statement(self, world: Checkout) -> None:
        bootstrap(world)
        kept(world)
        shown, _ = bootstrap(world)
        assert "Nothing to do" in shown
        assert "shows the statement for iam:PassRole" in shown
        assert "whether role staging-deployer-plan has more permissions is not checked" in shown
        with refuse(world, "iam:SimulatePrincipalPolicy"):
            shown, _ = bootstrap(world)
        assert "note: what role staging-access allows was not checked: these credentials may not call" in shown
        iam = aws.iam(world)
        found: Any = iam.get_role_policy(RoleName="staging-deployer", PolicyName=POLICY)["PolicyDocument"]
        found["Statement"] = [one for one in found["Statement"] if "ssm:PutParameter" not in one["Action"]]
        iam.put_role_policy(RoleName="staging-deployer", PolicyName=POLICY, PolicyDocument=json.dumps(found))
        role: Any = iam.get_role(RoleName="staging-deployer")["Role"]["AssumeRolePolicyDocument"]
        anybody = {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:some-team/*"}}
        role["Statement"][0]["Condition"] = anybody
        for name in ("staging-deployer", "staging-deployer-plan"):
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(role))
        blockers = {one["what"]: one["fix"] for one in told(world, code=3)["blockers"]}
        assert "role staging-deployer can be assumed by repo:some-team/*" in blockers
        assert "role staging-deployer-plan can be assumed by repo:some-team/*" in blockers
        put = blockers["role staging-deployer does not allow ssm:PutParameter"]
        assert '"Action":"ssm:PutParameter"' in put
        assert "/app-runtime/ansari-whatsapp/staging/*" in put

    def test_a_user_with_another_policy(self, world: Checkout) -> None:
        by_keys(world, managed=False)
        iam = aws.iam(world)
        iam.create_user(UserName="some-user")
        but_ssm = {"Effect": "Allow", "NotAction": "ssm:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [but_ssm]})
        iam.put_user_policy(UserName="some-user", PolicyName="theirs", PolicyDocument=document)
        found = told(world, code=3)
        assert {one["what"].rpartition(" ")[2].partition(":")[0] for one in found["blockers"]} == {"ssm"}


def kept(checkout: Checkout) -> None:
    accounts.edit(checkout, "staging", "staging-instance, managed: true", "staging-instance, managed: false")
    accounts.edit(checkout, "staging", "staging-deployer, managed: true", "staging-deployer, managed: false")


class TestPrinted:
    @pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS CLI is not installed")
    def test_run_by_hand_it_leaves_nothing_to_do(self, world: Checkout) -> None:
        by_hand(world, bootstrap(world, "--print")[0])
        assert "Nothing to do" in bootstrap(world)[0]
        by_keys(world, managed=True)
        made = json.loads(bootstrap(world, "--print", "--json")[0])["commands"]
        of_the_user = [one["lines"] for one in made if one["about"].startswith("some-user: ")]
        by_hand(world, "\n".join(["set -eu", *of_the_user, *of_the_user]))  # what is there already does not stop it
        assert "Nothing to do" in bootstrap(world)[0]

    def test_it_asks_aws_nothing(self, world: Checkout) -> None:
        accounts.edit(world, "staging", f"127.0.0.1:{world.ports['4566']}", "127.0.0.1:9")
        shown, said = bootstrap(world, "--print")
        assert (shown.splitlines()[0], said) == ("set -eu", "")
        assert "`deployer local env staging`" in shown  # the keys that its commands need here
        found = json.loads(bootstrap(world, "--print", "--json")[0])
        jsonschema.Draft202012Validator(json.loads(schema_json("bootstrap-print"))).validate(found)
        assert all(one["lines"] in shown for one in found["commands"])
        assert "--print only prints" in bootstrap(world, "--print", "--preview", code=3)[1]


def by_hand(world: Checkout, script: str) -> None:
    """By somebody whose AWS CLI knows no region."""
    given = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": world.keys.access_key, "AWS_SECRET_ACCESS_KEY": world.keys.secret_key}
    given |= keys | {"AWS_CONFIG_FILE": os.devnull}
    done = subprocess.run(["bash", "-c", script], env=given, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr


class TestShared:
    def test_a_shared_role_has_a_policy_for_each_and_that_is_said(self, world: Checkout) -> None:
        accounts.edit(world, "production", "production-instance", "staging-instance")
        bootstrap(world)
        shown, _ = bootstrap(world, name="production")
        assert (
            "note: role staging-instance is shared with staging and can read the parameters of both, secrets too; "
            "give each environment its own in service.roles" in shown
        )
        names = aws.iam(world).list_role_policies(RoleName="staging-instance")["PolicyNames"]
        assert sorted(names) == ["ansari-whatsapp-production", POLICY]
        assert "Nothing to do" in bootstrap(world)[0]


class TestRefused:
    def test_without_a_github_section_nobody_is_named(self, world: Checkout) -> None:
        _, said = bootstrap(world, name="local", code=3)
        assert "local.yaml has no section github" in said
        assert "fix: add it, for example" in said

    def test_an_environment_that_is_not_there(self, world: Checkout) -> None:
        assert "there is no environment 'nowhere'" in bootstrap(world, name="nowhere", code=3)[1]

    def test_a_look_that_is_not_allowed_says_what_would_allow_it(self, world: Checkout) -> None:
        with refuse(world, "iam:GetOpenIDConnectProvider", code="AccessDenied"):
            _, said = bootstrap(world, code=1)
        assert f'{{"Effect":"Allow","Action":"iam:GetOpenIDConnectProvider","Resource":"{PROVIDER}"}}' in said
        assert everything(world) == ([], [], [], [])

    def test_a_stop_half_way_says_so_and_the_next_run_goes_on(self, world: Checkout) -> None:
        with refuse(world, "iam:PutRolePolicy", code="AccessDenied"):
            _, said = bootstrap(world, code=6)
        assert "after 4 of 11 steps" in said
        assert '"Action":"iam:PutRolePolicy"' in said
        assert "just bootstrap staging continues from there" in said
        shown, _ = bootstrap(world)
        assert "7 to add" in shown
        assert "Nothing to do" in bootstrap(world)[0]

    def test_where_the_manifest_asks_a_person_one_is_asked(self, world: Checkout) -> None:
        accounts.edit(world, "staging", "confirm: false", "confirm: true")
        _, said = bootstrap(world, code=4)
        assert "needs a confirmation before anything is changed (protect.confirm)" in said
        assert "another" in bootstrap(world, "--approve", "another", code=4)[1]
        assert everything(world) == ([], [], [], [])
        command = [sys.executable, "-m", "deployer", "bootstrap", "staging"]
        prompt = "Type the environment's name to apply this plan [staging]: "
        code, shown = on_terminal(command, world.root, (prompt, "production"))
        assert code == 4, shown
        fingerprint = told(world, "--preview")["fingerprint"]
        shown, _ = bootstrap(world, "--approve", fingerprint)
        assert "role staging-deployer-image" in shown  # nobody has agreed to the image when it is pushed
        assert everything(world)[1][1:4] == ["staging-deployer", "staging-deployer-image", "staging-deployer-plan"]
        role = aws.iam(world).get_role(RoleName="staging-deployer-image")["Role"]
        assert ":environment:staging-image" in json.dumps(role["AssumeRolePolicyDocument"])

    def test_a_branch_that_may_not_deploy_may_not_prepare(self, world: Checkout) -> None:
        accounts.edit(world, "staging", "branches: []", "branches: [main, release]")
        world.git("switch", "--quiet", "--create", "other")
        _, said = bootstrap(world, code=4)
        world.git("switch", "--quiet", "-")
        assert "is deployed from main or release, and this is other" in said
        assert everything(world) == ([], [], [], [])
