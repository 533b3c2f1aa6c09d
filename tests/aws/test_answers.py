"""Well-formed answers of AWS in every shape that its description allows: a right result or a clear error.

Every read that the deployer makes is answered in full, then without each member, with each list empty, with a stranger
first in each list, and on more than one page.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest

from deployer.account.requirements import Principal
from deployer.aws import answers, ecr, hold, iam, ledger, lock, lock_record, logs, principals, ssm
from deployer.aws.fence import READS
from deployer.aws.session import Session
from deployer.core.policies.rights import CALLS, Need
from deployer.core.secret import SecretValue
from deployer.core.service import Scaling
from deployer.explain import explain_error
from deployer.local.models import service_model
from deployer.resources.dynamodb_table import answers as of_table
from deployer.resources.dynamodb_table import api
from deployer.resources.dynamodb_table.state import WaitingEntries
from deployer.targets.apprunner import answers as of_target
from deployer.targets.apprunner.rights import CALLS as OF_TARGET
from deployer.targets.apprunner.target import AppRunner, open_apprunner
from deployer.targets.base import RunningOperation
from deployer.targets.registry import RECORDED
from tests.aws.answering import Answer, Answering, Change, answering
from tests.aws.conftest import ACCOUNT, REGION
from tests.core.test_release import release

PATH, LEDGER = "/app-runtime/app/stage", "/app-deployer/app/stage"
CONFIGURATION = "sha256:" + "0" * 64
MANIFEST = json.dumps({"config": {"digest": CONFIGURATION}})
DIGEST = "sha256:" + hashlib.sha256(MANIFEST.encode()).hexdigest()
SERVICE = f"arn:aws:apprunner:{REGION}:{ACCOUNT}:service/service/0123456789abcdef0123456789abcdef"
ROLE = Principal(
    *("role", "role", "instance", False, ("tasks.apprunner.amazonaws.com",), {}, "policy", {}),
    needs=(Need("ssm:GetParameters", ("*",)),),
    line="env/stage.yaml:1",
)
USER = Principal("user", "user", "deploy", False, (), None, "policy", {}, needs=(), line="env/stage.yaml:1")
VALUES = {
    f"{LEDGER}/lock": lock_record.mine("somebody", "reconcile").text(),
    f"{LEDGER}/hold": hold.new("somebody", "an incident").to_text(),
    f"{LEDGER}/release": release().to_text(),
}
TEXTS = {
    "Account": ACCOUNT,
    "authorizationToken": base64.b64encode(b"AWS:password").decode(),
    "repositoryName": "repository",
    "imageDigest": DIGEST,
    "imageTags": "tag",
    "imageManifest": MANIFEST,
    "Port": "8000",
    "Cpu": "1024",
    "Memory": "2048",
    "VersionId": "v2",
    "ServiceName": "service",
    "ServiceArn": SERVICE,
    "Id": "0123456789abcdef0123456789abcdef",
    "Arn": f"arn:aws:iam::{ACCOUNT}:role/role",
    "Key": "managed-by",
    **dict.fromkeys(("AssumeRolePolicyDocument", "PolicyDocument", "Document"), quote('{"Statement": []}')),
}


def texts(call: str, member: str, request: Mapping[str, Any]) -> str:
    named = str((request.get("Names") or [request.get("Name", "")])[0]).partition(":")[0]
    match call.partition(":")[2], member:
        case "DescribeParameters", "Name":
            return f"{PATH}/name"
        case _, "Name" if named:
            return named
        case _, "Value" if named:
            return VALUES.get(named, "value")
        case _, "Value":
            return "deployer"
        case "GetDownloadUrlForLayer", "downloadUrl":
            return f"{URL[0]}/blob"
    return TEXTS.get(member, "")


READ = {**answers.READ, **of_table.READ, **of_target.READ}
URL = [""]
Read = Callable[[Session], object]


def _hold_the_lock(session: Session) -> object:
    record = lock_record.parsed(VALUES[f"{LEDGER}/lock"]).beating()  # however long ago it was made
    held = lock.HeldLock(session.ssm, f"{LEDGER}/lock", record, 1, None)
    held.prove()
    return held.under_way


def _target(read: Callable[[AppRunner], object]) -> Read:
    return lambda session: read(open_apprunner(session))


def _operation(progress: Callable[[AppRunner, RunningOperation], object]) -> Read:
    return _target(lambda target: progress(target, RunningOperation(SERVICE, TEXTS["Id"])))


WAITING = WaitingEntries("due", "lane", ("w0",), "since")
RESULTS: dict[str, Read] = {
    "the account": lambda session: session.check(),
    "parameters by name": lambda session: ssm.read(session.ssm, [f"{PATH}/name"]),
    "parameters below a path": lambda session: ssm.describe(session.ssm, PATH),
    "parameters with the tag": lambda session: ssm.ours(session.ssm, PATH),
    "a parameter's tags": lambda session: ssm.carries_tag(session.ssm, f"{PATH}/name"),
    "values": lambda session: ssm.reveal(session.ssm, [f"{PATH}/name"]),
    "an older value": lambda session: ssm.reveal_version(session.ssm, f"{PATH}/name", 1, made_by=2e9),
    "a version's value": lambda session: ssm.holds_only(session.ssm, f"{PATH}/name", [1], "value"),
    "a parameter's version": lambda session: ssm.put(session.ssm, f"{PATH}/name", "value", "", create=True),
    "a table": lambda session: api.read_table(api.open_client(session), "table"),
    "messages that wait": lambda session: api.count_waiting(api.open_client(session), "table", WAITING),
    "the releases": lambda session: ledger.read(session.ssm, LEDGER, RECORDED),
    "a release's number": lambda session: ledger.record(session.ssm, LEDGER, release()),
    "the lock": lambda session: lock.read(session.ssm, LEDGER),
    "the held lock": _hold_the_lock,
    "the hold": lambda session: hold.read(session.ssm, LEDGER),
    "the registry's login": lambda session: ecr.log_in(session.ecr),
    "a repository": lambda session: ecr.read_repository(session.ecr, "repository"),
    "an image by tag": lambda session: ecr.read_image(session.ecr, "repository", "tag", None),
    "an image by digest": lambda session: ecr.read_image(session.ecr, "repository", "tag", DIGEST),
    "an image's platform": lambda session: ecr.platforms(session.ecr, "repository", DIGEST),
    "another tag": lambda session: ecr.tag_image(session.ecr, "repository", DIGEST, "other"),
    "a role": lambda session: iam.read_role(session.iam, "role", "policy"),
    "a role to delete": lambda session: iam.removable(session.iam, "role", "policy"),
    "a role's ARN": lambda session: iam.role_arn(session.iam, "role"),
    "a simulation": lambda session: iam.simulate(session.iam, TEXTS["Arn"], ["ssm:GetParameters"], ["*"]),
    "a role to compare": lambda session: principals.read(session.iam, ROLE, ACCOUNT),
    "a user to compare": lambda session: principals.read(session.iam, USER, ACCOUNT),
    "GitHub's audiences": lambda session: principals.read_audiences(session.iam, ACCOUNT),
    "a policy's oldest version": lambda session: principals.put_managed_policy(session.iam, "policy", ACCOUNT, {}),
    "lines of a log": lambda session: logs.since(session.logs, "group", 0, prefix="deployment/"),
    "a service": _target(lambda target: target.observe("service")),
    "the newest operation": _target(lambda target: target.newest_operation(SERVICE)),
    "the progress": _operation(lambda target, started: target.progress(started)),
    "a scaling": _target(lambda target: target.create_scaling("service", Scaling(1, 2, 3))),
    "a restart": _target(lambda target: target.restart(SERVICE)),
    "a pause": _target(lambda target: target.pause(SERVICE)),
    "a resume": _target(lambda target: target.resume(SERVICE)),
    "a deletion": _target(lambda target: target.delete(SERVICE)),
}
# They take whatever is listed, as there is nothing to tell a stranger by.
LISTS: dict[str, Read] = {"every tag": lambda session: ecr.tags(session.ecr, "repository")}


@pytest.fixture(scope="module")
def aws() -> Iterator[Answering]:
    with answering(texts) as made:
        URL[0] = made.url
        made.refused["iam:CreatePolicy"] = "EntityAlreadyExists"
        yield made


@pytest.fixture(scope="module")
def asked(aws: Answering) -> Session:
    return Session(ACCOUNT, REGION, aws.url)


def changed(aws: Answering, session: Session, read: Read, change: Change) -> str:
    """The result of a read of changed answers, or the error as it is shown to a person."""
    aws.calls.clear()
    aws.change = change
    try:
        found = read(session)
    except Exception as error:  # noqa: BLE001 -- which ones are shown as a defect is the question
        return explained(error)
    finally:
        aws.change = unchanged
    return f"{found!r} {found.reveal()!r}" if isinstance(found, SecretValue) else repr(found)


def explained(error: Exception) -> str:
    shown = explain_error(error)
    assert shown is not None, f"{type(error).__name__}: {error}"
    assert "defect" not in str(shown), shown
    return f"error: {shown.what}"


def unchanged(_call: str, answer: Answer, _asked: int) -> Answer:
    return answer


def of(call: str, change: Callable[[Answer], Answer]) -> Change:
    return lambda made, answer, _asked: change(answer) if made == call else answer


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every member, and of every element of a list, in an answer."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*above, key)
        yield from places(inner, (*above, key))


def at(answer: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        answer = answer[key]
    return answer


def lacking(path: tuple[Any, ...]) -> Callable[[Answer], Answer]:
    def change(answer: Answer) -> Answer:
        del at(answer, path[:-1])[path[-1]]
        return answer

    return change


def with_stranger(path: tuple[Any, ...]) -> Callable[[Answer], Answer]:
    """An element that was not asked for comes first in a list: every text of it is another one."""

    def other(value: Any) -> Any:
        match value:
            case dict():
                return {key: other(inner) for key, inner in value.items()}
            case list():
                return [other(inner) for inner in value]
            case str():
                return f"other-{value}"
        return value

    def change(answer: Answer) -> Answer:
        found = at(answer, path)
        found.insert(0, other(copy.deepcopy(found[0])))
        return answer

    return change


def recorded(aws: Answering, session: Session, read: Read) -> dict[str, Answer]:
    """The whole answer to each call that a read makes."""
    found: dict[str, Answer] = {}

    def keep(call: str, answer: Answer, _asked: int) -> Answer:
        found[call] = copy.deepcopy(answer)
        return answer

    assert not changed(aws, session, read, keep).startswith("error"), changed(aws, session, read, keep)
    return found


@pytest.mark.parametrize("name", [*RESULTS, *LISTS])
def test_an_answer_without_a_member_is_a_result_or_a_clear_error(aws: Answering, asked: Session, name: str) -> None:
    read = {**RESULTS, **LISTS}[name]
    whole = recorded(aws, asked, read)
    for call, answer in whole.items():
        changed(aws, asked, read, of(call, lambda _: {}))
        for path in places(answer):
            said = changed(aws, asked, read, of(call, lacking(path)))
            assert "error: AWS's answer to" not in said or call in said


@pytest.mark.parametrize("name", [*RESULTS])
def test_what_was_not_asked_for_is_left_out(aws: Answering, asked: Session, name: str) -> None:
    right = changed(aws, asked, RESULTS[name], unchanged)
    for call, answer in recorded(aws, asked, RESULTS[name]).items():
        for path in places(answer):
            if isinstance(at(answer, path), list) and (call, path[-1]) not in MORE:
                said = changed(aws, asked, RESULTS[name], of(call, with_stranger(path)))
                assert said == right, (call, path)


# Lists whose every element counts, whoever is in them.
MORE = {
    ("ecr:GetAuthorizationToken", "authorizationData"),
    ("iam:ListRolePolicies", "PolicyNames"),
    ("iam:ListUserPolicies", "PolicyNames"),
    ("iam:ListAttachedRolePolicies", "AttachedPolicies"),
    ("iam:ListAttachedUserPolicies", "AttachedPolicies"),
    ("iam:ListPolicyVersions", "Versions"),
    ("iam:GetOpenIDConnectProvider", "ClientIDList"),
    ("iam:SimulatePrincipalPolicy", "EvaluationResults"),
    ("iam:SimulatePrincipalPolicy", "MissingContextValues"),
    ("dynamodb:DescribeTable", "GlobalSecondaryIndexes"),
    ("dynamodb:DescribeTable", "KeySchema"),
    ("dynamodb:DescribeTable", "NonKeyAttributes"),
    ("dynamodb:ListTagsOfResource", "Tags"),
    ("dynamodb:Query", "BS"),  # a blob, which a stranger's text is not
    ("dynamodb:Query", "Items"),
    ("logs:FilterLogEvents", "events"),
    ("apprunner:ListTagsForResource", "Tags"),
    ("apprunner:ListAutoScalingConfigurations", "AutoScalingConfigurationSummaryList"),
    ("ecr:DescribeImages", "imageTags"),
    ("ssm:GetParameterHistory", "Parameters"),
    ("apprunner:ListOperations", "OperationSummaryList"),
}
TOKENS = {
    "ssm": ("NextToken", "NextToken"),
    "ecr": ("nextToken", "nextToken"),
    "logs": ("nextToken", "nextToken"),
    "apprunner": ("NextToken", "NextToken"),
    "iam": ("Marker", "Marker"),
}


def paged(call: str) -> str:
    """The name of the member with which a call asks for its next page; "" when it has none."""
    service, _, operation = call.partition(":")
    request, shape = service_model(service).operation_model(operation).input_shape, TOKENS.get(service, ("", ""))
    return shape[0] if request is not None and shape[0] in request.members else ""


@pytest.mark.parametrize("name", [*RESULTS, *LISTS])
def test_an_empty_page_with_a_successor_is_not_the_end(aws: Answering, asked: Session, name: str) -> None:
    read = {**RESULTS, **LISTS}[name]
    right = changed(aws, asked, read, unchanged)
    for call, whole in recorded(aws, asked, read).items():
        if not (token := paged(call)):
            continue

        def pages(made: str, answer: Answer, before: int, call: str = call, token: str = token) -> Answer:
            if made != call or before % 2:
                return answer
            emptied = {key: [] if isinstance(inner, list) else inner for key, inner in answer.items()}
            more = {"IsTruncated": True} if token == "Marker" else {}
            return {**emptied, token: f"token-{before}", **more}

        if any(isinstance(inner, list) for inner in whole.values()):
            assert changed(aws, asked, read, pages) == right, call


@pytest.mark.parametrize("name", [*RESULTS, *LISTS])
def test_a_list_without_an_end_is_an_error(aws: Answering, asked: Session, name: str) -> None:
    read = {**RESULTS, **LISTS}[name]
    for call in recorded(aws, asked, read):
        if token := paged(call):
            more = {"IsTruncated": True} if token == "Marker" else {}
            changed(aws, asked, read, of(call, lambda answer, t=token, m=more: {**answer, t: "same", **m}))  # type: ignore[misc]


@pytest.mark.parametrize("default", [True, False])
def test_of_five_versions_of_a_policy_one_that_is_not_the_default_goes(
    aws: Answering, asked: Session, default: bool
) -> None:
    def five(answer: Answer) -> Answer:
        versions = [{"VersionId": f"v{number}", "IsDefaultVersion": default or number < 4} for number in range(5)]
        return {**answer, "Versions": versions}

    said = changed(aws, asked, RESULTS["a policy's oldest version"], of("iam:ListPolicyVersions", five))
    if default:
        assert said == "error: AWS's answer to iam:ListPolicyVersions has only default versions"
    assert ("iam:DeletePolicyVersion" in aws.calls) != default


def test_every_read_of_the_deployer_is_among_them(aws: Answering, asked: Session) -> None:
    made: set[str] = set()
    for read in (*RESULTS.values(), *LISTS.values()):
        made |= recorded(aws, asked, read).keys()
    reads = {call for call in (*CALLS, *OF_TARGET) if READS.match(call.partition(":")[2])}
    assert reads - made == set()
    assert set(READ) - made == {"apprunner:CreateService", "apprunner:UpdateService"}


@pytest.mark.parametrize("call", READ)
def test_what_is_read_is_in_the_description_of_the_api(call: str) -> None:
    service, _, operation = call.partition(":")
    for path in READ[call]:
        shape: Any = service_model(service).operation_model(operation).output_shape
        for name in path.split("."):
            shape = shape.members[name.removesuffix("[]")]
            if name.endswith("[]"):
                shape = shape.member
