"""What is taken over from what was made by hand, and that the first plan changes none of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import settings as configured
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

from deployer import names
from deployer.core.adoption.choice import AdoptedVariable
from deployer.core.adoption.command import fault_of_command
from deployer.core.adoption.expected import expected_changes
from deployer.core.adoption.live import Live, Place, parameter_path, source
from deployer.core.adoption.reason import WasStringList
from deployer.core.adoption.variables import choose
from deployer.core.adoption.yaml import flow
from deployer.core.cause import State
from deployer.core.desired import DesiredImage
from deployer.core.observed import (
    Observed,
    ObservedImage,
    ObservedParameter,
    ObservedRepository,
    ObservedService,
    ScalingRevision,
)
from deployer.core.release import RELEASE_VARIABLE
from deployer.core.service import Scaling, ServiceSpec
from deployer.core.target import ServiceStatus
from deployer.errors import Blocked, UsageError
from deployer.manifest.contract import problems, required_variables, setting_variables
from deployer.manifest.credentials import credential_in, is_telling
from deployer.manifest.load import LoadedManifest, parse
from deployer.manifest.model import LiteralVariable, SecretVariable
from deployer.manifest.problem import InvalidManifest
from deployer.manifest.unseen import find_unseen
from deployer.resources.desired import desired_state
from deployer.resources.ecr_repository.change import KeepImage, PutLifecycle
from deployer.resources.plan import Plan
from deployer.resources.planner import plan
from deployer.resources.service.change import CreateScaling, DeployService, Difference, ServiceVariable, TagService
from deployer.resources.ssm_parameters.change import AdoptParameter
from deployer.targets.apprunner.description import APP_RUNNER
from deployer.targets.apprunner.limits import SERVICE_VARIABLE_CHARACTERS
from deployer.targets.apprunner.manifest import KMS_KEY
from deployer.targets.apprunner.settings import HealthCheck, Network, Observability, ServiceSettings
from deployer.view.adopted_manifest import manifest_text
from deployer.view.adoption_text import NOTHING, expectation, fix, shown_name, why
from deployer.view.blocker_text import blockers

ACCOUNT, REGION, PATH = "123456789012", "us-west-2", "/app-runtime/demo/staging"
ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{PATH}"
PLACE = Place("demo", "staging", ACCOUNT, REGION, None)
DIGEST = "sha256:" + "a" * 64
SETTINGS = ServiceSettings(
    port=8001,
    cpu=256,
    memory=512,
    access_role=f"arn:aws:iam::{ACCOUNT}:role/Access",
    instance_role=f"arn:aws:iam::{ACCOUNT}:role/Instance",
    health_check=HealthCheck("TCP", '/a"b', 7, 3, 2, 9),
    scaling=Scaling(2, 4, 10),
    auto_deployments=True,
)
SPEC = ServiceSpec(
    image=f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/demo:v1",
    settings=SETTINGS,
    environment={"LEVEL": "DEBUG"},
    secrets={},
)


class Ours(BaseModel):
    """The settings of a service that keeps APP_ID as a secret, though nothing in its name says so."""

    app_id: SecretStr | None = None
    level: str = "INFO"


class Strict(BaseModel):
    """Settings as the service has them: some required, some checked, one checked by another's value."""

    stage: Literal["local", "staging"]
    api_url: str
    app_id: SecretStr
    hours: Annotated[int, Field(ge=1)] = 3
    level: Annotated[str, Field(pattern="^[A-Z]+$")] = "INFO"
    spare_token: SecretStr | None = None
    port: int = 8001

    @field_validator("api_url")
    @classmethod
    def _is_encrypted(cls, url: str, info: ValidationInfo) -> str:
        if not url.startswith("https://") and info.data.get("stage") != "local":
            raise ValueError(f"{url} is not https")
        return url


def live(
    parameters: dict[str, ObservedParameter] | None = None,
    secrets: dict[str, str] | None = None,
    environment: dict[str, str] | None = None,
) -> Live:
    """A service that reads these parameters, by name below the path; `secrets` instead of what they would be."""
    given = parameters or {}
    read = {name.upper().replace("-", "_"): f"{ARN}/{name}" for name in given} if secrets is None else secrets
    spec = replace(SPEC, environment=SPEC.environment if environment is None else environment, secrets=read)
    return Live(
        target=APP_RUNNER,
        place=PLACE,
        source=source(PLACE, "demo-staging", spec, APP_RUNNER),
        service=ObservedService("arn", "url", ServiceStatus.RUNNING, spec),
        scalings=(),
        repository=ObservedRepository("uri", True, True, None),
        parameter_path=PATH,
        parameters={f"{PATH}/{name}": parameter for name, parameter in given.items()},
    )


def string(value: str, description: str = "") -> ObservedParameter:
    return ObservedParameter(secure=False, version=3, value=value, description=description, ours=False)


SECURE = ObservedParameter(secure=True, version=2, value=None, ours=False)


def written(found: Live, settings: type[BaseModel] = Ours) -> LoadedManifest:
    """The manifest, which `check` accepts."""
    choice = choose(found, settings)
    assert choice.missing == ()
    loaded = parse(manifest_text(found, choice).encode(), Path("env/staging.yaml"))
    assert problems(loaded, settings) == ()
    return loaded


def variable_of(name: str) -> str:
    return name.upper().replace("-", "_")


def left_out(found: Live) -> dict[str, tuple[str, bool]]:
    return {shown_name(one.name): (why(one.reason), one.reaches) for one in choose(found, Ours).left}


def first_plan(found: Live, loaded: LoadedManifest) -> Plan:
    observed = Observed(
        account=ACCOUNT,
        region=REGION,
        parameters=found.parameters,
        repository=found.repository,
        image=ObservedImage(DIGEST, ("v1",)),
        roles={},
        scalings=found.scalings,
        service=found.service,
        releases=(),
    )
    return plan(desired_state(loaded, DesiredImage("team/demo", "v1", None, 30, here=False), APP_RUNNER), observed)


parameter_names = st.from_regex(names.NAME_PATTERN, fullmatch=True).filter(
    lambda name: len(name) < 40 and not names.why_reserved(name.upper().replace("-", "_"))
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
words = st.sampled_from(["null", "true", "0123", "{{x}}", "a: b # c", "line\r\n\ttwo"])
observed = st.builds(string, texts | words, texts.filter(lambda text: not find_unseen(text))) | st.just(SECURE)


@given(st.dictionaries(parameter_names, observed, max_size=5), st.dictionaries(parameter_names, texts, max_size=3))
def test_whatever_is_taken_over_is_read_back_as_it_was(
    parameters: dict[str, ObservedParameter], plain: dict[str, str]
) -> None:
    plain = {name: text for name, text in plain.items() if name not in parameters} | {"level": "DEBUG"}
    found = live(parameters, environment={name.upper().replace("-", "_"): text for name, text in plain.items()})
    choice = choose(found, Ours)
    variables = written(found).manifest.variables
    assert list(variables) == [one.name for one in choice.taken]
    assert all(variables[one.name].extra == (one.name not in {"app-id", "level"}) for one in choice.taken)
    for name, parameter in parameters.items():
        match variables.get(name):
            case LiteralVariable(text=text, store="parameter"):
                assert text == parameter.value
            case SecretVariable():
                assert parameter.secure or is_telling(name) or name == "app-id" or credential_in(parameter.value or "")
            case None:
                assert parameter.value is not None
                assert find_unseen(parameter.value) or not parameter.value or "{{" in parameter.value
            case other:
                raise AssertionError(other)
    for name, text in plain.items():
        if isinstance(one := variables.get(name), LiteralVariable):
            assert (one.text, one.store) == (text, "service")
    assert len(choice.taken) + len(choice.left) == len(parameters) + len(plain)


@given(st.dictionaries(parameter_names, observed, max_size=5))
def test_the_first_plan_changes_no_value_and_no_setting(parameters: dict[str, ObservedParameter]) -> None:
    found = live(parameters)
    taken, left = choose(found, Ours).taken, choose(found, Ours).left
    made = first_plan(found, written(found))
    lost = {change.address for change in made.changes if isinstance(change, ServiceVariable)}
    assert lost == {one.name for one in left if one.reaches}
    assert {type(change) for change in made.changes} <= {
        ServiceVariable, AdoptParameter, CreateScaling, DeployService, KeepImage, PutLifecycle, TagService,
    }  # fmt: skip
    assert len(made.blockers) == sum(one.unset for one in taken)
    [deploy] = [change for change in made.changes if isinstance(change, DeployService)]
    settings = [difference for difference in deploy.differences if difference.kind == "setting"]
    assert settings == [Difference("setting", ("auto_deployments",), State(value="true"), State(value="false"))]
    assert found.service.spec.secrets.keys() - deploy.spec.secrets.keys() == {one.name for one in left if one.reaches}


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        ("app-id", string("12345")),
        ("metrics-token", string("short")),
        ("motto", string("EAA" + "a1" * 20)),
        ("storage", string("postgres://user:word@host/db")),
    ],
)
def test_a_string_that_should_be_secret_becomes_one_and_is_not_repeated(
    name: str, parameter: ObservedParameter
) -> None:
    for found in (
        live({name: parameter}),
        live({}, environment={name.upper().replace("-", "_"): parameter.value or ""}),
    ):
        choice = choose(found, Ours)
        one = next(one for one in choice.taken if one.name == name)
        assert (one.value, one.unset) == (None, True)
        text = manifest_text(found, choice)
        extra = "" if name == "app-id" else ", extra: true"
        assert f"{name}: {{kind: secret{extra}}}" in text
        assert (parameter.value or "") not in text.partition("variables:")[2]
        assert choice.left == ()


def test_what_the_service_reads_from_elsewhere_is_left_out_with_the_reason() -> None:
    parameters = {"a": string("x"), "b": string("x")}
    other = ARN.replace(REGION, "eu-west-1")
    secrets = {
        "A": f"{ARN}/b",
        "B_ELSEWHERE": "arn:aws:ssm:us-west-2:123456789012:parameter/other/b-elsewhere",
        "FAR": f"{other}/far",
        "VAULT": "arn:aws:secretsmanager:us-west-2:123456789012:secret:vault-AbCdEf",
        "TYPED": "a real secret, typed by mistake",
        "GONE": f"{ARN}/gone",
        "AWSAPPRUNNER_X": f"{ARN}/a",
        "lower": f"{ARN}/a",
        "odd name\n": f"{ARN}/a",
    }
    found = live(
        parameters, secrets, {"LEVEL": "DEBUG", "PORT": "80", "APP_RELEASE": "x", "X": "arn:aws:ssm:y", "Y": "a\nb"}
    )
    left = left_out(found)
    assert "read from " + ARN + "/b" in left["A"][0]
    assert "/other/b-elsewhere" in left["B_ELSEWHERE"][0]
    assert "eu-west-1" in left["FAR"][0]
    assert "secretsmanager" in left["VAULT"][0]
    assert left["TYPED"][0].startswith("it is read from something else")
    assert left["GONE"] == (f"parameter {PATH}/gone does not exist", True)
    assert "App Runner reserves" in left["AWSAPPRUNNER_X"][0]
    assert "capital letters" in left["lower"][0]
    assert "a variable whose name is not shown" in left
    assert "the target itself sets PORT" in left["PORT"][0]
    assert left["APP_RELEASE"] == ("the deployer itself sets APP_RELEASE, to the id of the release", False)
    assert "ARN" in left["X"][0]
    assert "one line" in left["Y"][0]
    choice = choose(found, Ours)
    assert [one.name for one in choice.taken] == ["level"]
    fixes = {one.name: fix(one.fix, "staging") for one in choice.left}
    assert fixes["FAR"] == "just add staging far --secret --extra, and: just secret set staging far"
    assert fixes["X"] == "just add staging x VALUE --extra"
    assert fixes["lower"].startswith("rename it where it is read")
    assert fixes["PORT"] == fixes["APP_RELEASE"] == NOTHING
    text = manifest_text(found, choice)
    assert "typed by mistake" not in text
    assert all(line.startswith("#") for line in text.partition("store: service}\n")[2].split("\n") if line)
    written(found)


def test_what_the_service_has_no_setting_for_is_kept_as_extra() -> None:
    parameters = {"app-id": SECURE, "old-key": SECURE, "old-motto": string("x")}
    found = live(parameters, environment={"LEVEL": "DEBUG", "OLD_LEVEL": "1"})

    assert {one.name: one.extra for one in choose(found, Ours).taken} == {
        "app-id": False, "level": False, "old-key": True, "old-level": True, "old-motto": True,
    }  # fmt: skip
    text = manifest_text(found, choose(found, Ours))
    assert "old-level: {kind: literal, value: 1, store: service, extra: true}" in text
    assert "old-key: {kind: secret, extra: true" in text
    assert "level: {kind: literal, value: DEBUG, store: service}" in text


def test_a_string_list_is_taken_over_with_the_text_that_the_service_gets() -> None:
    found = live({"level": replace(string("x"), value=None, listed="A,B")}, environment={})
    [one] = choose(found, Ours).taken

    assert (one.value, one.store) == ("A,B", "parameter")
    assert one.notes == (WasStringList(),)


def test_a_name_that_is_too_long_for_a_parameter_is_left_out_whatever_its_value_is() -> None:
    for value in ("x", "EAA" + "a1" * 20):
        [left] = choose(live({}, environment={"X" * 1000: value}), Ours).left
        assert (left.name, left.reaches) == ("", True)
        assert why(left.reason) == "this name makes an ARN of more than 1011 characters"


def test_a_variable_that_the_service_has_in_both_ways_is_read_from_its_parameter() -> None:
    found = live({"level": string("INFO")}, environment={"LEVEL": "DEBUG"})

    assert choose(found, Ours).taken == (AdoptedVariable("level", "INFO"),)
    written(found)


LIVE = {"STAGE": "staging", "API_URL": "https://api.example", "HOURS": "4"}


def test_a_value_that_the_service_refuses_is_left_out_with_its_reason_and_what_to_do() -> None:
    found = live({"app-id": SECURE}, environment=LIVE | {"HOURS": "soon", "LEVEL": "debug"})
    left = {one.name: one for one in choose(found, Strict).left}

    assert left.keys() == {"HOURS", "LEVEL"}
    assert why(left["HOURS"].reason).startswith("the service refuses its value: it should be a valid integer")
    assert fix(left["LEVEL"].fix, "staging") == "just add staging level VALUE"
    assert set(written(found, Strict).manifest.variables) == {"app-id", "stage", "api-url"}


def test_a_required_secret_that_the_service_lacks_is_declared_with_the_command_that_sets_it() -> None:
    for secrets in ({}, {"APP_ID": f"{ARN}-elsewhere/app-id"}):
        found = live({}, secrets, LIVE)
        choice = choose(found, Strict)
        [one] = [one for one in choice.taken if one.name == "app-id"]

        assert (one.value, one.unset) == (None, True)
        assert not any(one.name == "APP_ID" for one in choice.left)
        made = first_plan(found, written(found, Strict))
        assert [blocker.fix for blocker in blockers(made)] == ["just secret set staging app-id"]


def test_a_parameter_that_nothing_reads_is_taken_where_the_service_would_not_start_without_it() -> None:
    found = live({"app-id": SECURE, "api-url": string("https://api.example")}, {}, {"STAGE": "staging"})
    variables = written(found, Strict).manifest.variables

    assert isinstance(variables["app-id"], SecretVariable)
    assert isinstance(variables["api-url"], LiteralVariable)
    assert choose(found, Strict).left == ()


def test_a_required_literal_without_a_usable_value_is_missing_until_it_is_given() -> None:
    found = live({"app-id": SECURE}, environment={"API_URL": "http://api.example"})
    missing = {one.name: why(one.reason) for one in choose(found, Strict).missing}

    assert missing == {
        "stage": "the service demo-staging does not set it",
        "api-url": "the service refuses its value: http://api.example is not https",
    }
    given = {"stage": "local"}
    assert choose(found, Strict, given).missing == ()
    assert {one.name: one.value for one in choose(found, Strict, given).taken} == {
        "app-id": None, "api-url": "http://api.example", "stage": "local",
    }  # fmt: skip
    assert [one.name for one in choose(found, Strict, {"stage": "moon"}).missing] == ["stage", "api-url"]
    with pytest.raises(UsageError, match="APP_ID is a secret"):
        choose(found, Strict, {"app-id": "12345"})


known_names = st.sampled_from(["stage", "api-url", "app-id", "hours", "level", "spare-token"])
hostile = st.sampled_from(
    ["staging", "local", "http://api", "https://api", "0", "7", "DEBUG", "null", "{{x}}", "a\nb", "\u202e", "a: b # c"]
) | st.sampled_from(["", "arn:aws:ssm:x", "EAA" + "a1" * 20, "x" * 5000, "https://u:p@host/"])
odd_names = st.sampled_from(["PORT", "APP_RELEASE", "AWSAPPRUNNER_X", "lower", "odd name\n", "A__B", "X" * 1000])
lists = st.builds(lambda text: replace(string(text), value=None, listed=text), hostile)
any_facts = st.builds(string, hostile | texts, texts) | st.just(SECURE) | lists
references = st.sampled_from(
    ["/elsewhere/x", "typed by mistake", f"{ARN}/gone", f"{ARN}/level", "arn:aws:secretsmanager:x"]
)


@configured(max_examples=60)
@given(
    st.dictionaries(known_names | parameter_names | st.sampled_from(["deep/er", "Not_A_Name"]), any_facts, max_size=6),
    st.dictionaries(known_names, references, max_size=2),
    st.dictionaries((known_names | parameter_names).map(variable_of) | odd_names, hostile | texts, max_size=6),
    st.sets(known_names, max_size=3),
    st.sampled_from([{}, LIVE, LIVE]),
)
def test_whatever_the_service_is_check_accepts_its_manifest_or_every_reason_is_told(
    parameters: dict[str, ObservedParameter],
    elsewhere: dict[str, str],
    plain: dict[str, str],
    unread: set[str],
    good: dict[str, str],
) -> None:
    plain = good | plain
    read = {
        variable_of(name): f"{ARN}/{name}"
        for name in parameters
        if name not in unread and names.why_not_a_name(name) is None
    }
    found = live(parameters, read | {variable_of(name): at for name, at in elsewhere.items()}, plain)
    choice = choose(found, Strict)
    assert all(why(one.reason) for one in choice.left)
    kept = {names.variable(one.name) for one in choice.taken}
    if choice.missing:
        gone = {names.variable(one.name) for one in choice.missing}
        assert gone == {one for one in required_variables(Strict) if one not in kept}
        assert all(why(one.reason) for one in choice.missing)
        return
    loaded = written(found, Strict)
    assert {names.variable(name) for name in loaded.manifest.variables} == kept
    assert {names.variable(n) for n, one in loaded.manifest.variables.items() if one.extra} == (
        kept - setting_variables(Strict)
    )
    has = {*found.service.spec.secrets, *plain} - {"APP_RELEASE"}
    lost = {
        one.address for one in first_plan(found, loaded).changes if isinstance(one, ServiceVariable) and not one.new
    }
    assert lost == has - kept
    told = {one.name for one in choice.left if one.reaches}
    assert {one for one in lost if one.isprintable()} <= told | {one for one in lost if len(one) > 300}


def test_parameters_that_nothing_reads_are_named_once_and_left_alone() -> None:
    parameters = {"unread": string("x"), "Not_A_Name": string("x"), "deep/er": SECURE, "port": SECURE}
    left = left_out(live(parameters, {}))
    assert left == {
        f"{PATH}/unread": ("the service does not read it", False),
        f"{PATH}/Not_A_Name": ("words are joined by '-' here, not by '_'", False),
        f"{PATH}/deep/er": ("its path is below that of this manifest's parameters", False),
        f"{PATH}/port": ("the target itself sets PORT, from service.port", False),
    }


def test_a_parameter_may_be_read_by_its_name_and_keeps_its_description() -> None:
    found = live(
        {"a": string("x", "What it is"), "b": string("y", "EAA" + "a1" * 20)}, {"A": f"{PATH}/a", "B": f"{PATH}/b"}
    )
    one, other = choose(found, Ours).taken[:2]
    assert one == AdoptedVariable("a", "x", description="What it is", extra=True)
    assert (other.description, len(other.notes)) == ("", 1)
    assert "by their ARNs" in manifest_text(found, choose(found, Ours))


def test_the_path_is_where_most_parameters_lie() -> None:
    spec = replace(SPEC, secrets={"A": f"{ARN}/a", "B": f"{ARN}/b", "C": "/elsewhere/x/c", "D": "typed"})
    assert parameter_path(PLACE, spec) == PATH
    assert parameter_path(PLACE, SPEC) == "/app-runtime/demo/staging"
    for reference in ("/one-level", "/app-deployer/demo/staging/a"):
        spec = replace(SPEC, secrets={"A": reference, "B": f"{ARN}/b"})
        assert parameter_path(PLACE, spec) == PATH, "no manifest can have the other one"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (replace(SPEC, image=""), "is built from source code"),
        (replace(SPEC, image="public.ecr.aws/team/demo:v1"), "does not run an image of ECR"),
        (replace(SPEC, image=SPEC.image.replace(ACCOUNT, "210987654321")), "does not run an image of ECR"),
        (replace(SPEC, image=SPEC.image.replace(REGION, "eu-west-1")), "does not run an image of ECR"),
        (replace(SPEC, settings=replace(SETTINGS, instance_role="")), "has no instance role"),
        (
            replace(SPEC, settings=replace(SETTINGS, network=Network(ingress="private"))),
            "service demo-staging is private",
        ),
        (
            replace(SPEC, settings=replace(SETTINGS, access_role=f"arn:aws:iam::{ACCOUNT}:role/service-role/A")),
            "has the access role arn:aws:iam::123456789012:role/service-role/A",
        ),
    ],
)
def test_a_service_that_no_manifest_can_describe_is_refused(spec: ServiceSpec, said: str) -> None:
    with pytest.raises(Blocked) as refused:
        source(PLACE, "demo-staging", spec, APP_RUNNER)
    assert said in str(refused.value)


def test_what_is_as_the_deployer_keeps_it_is_not_announced() -> None:
    found = live({"a": replace(string("x"), ours=True)})
    found = replace(
        found,
        scalings=(ScalingRevision("arn", SETTINGS.scaling, False),),
        repository=replace(found.repository or ObservedRepository("", True, True, None), immutable=False),
    )
    head = manifest_text(found, choose(found, Ours)).partition("\napp:")[0]
    assert "made elsewhere" not in head
    assert "- scaling" not in head
    assert "tags that cannot be moved" in head


OF_APP_RUNNER, ENDING = f"arn:aws:apprunner:{REGION}:{ACCOUNT}", "1/0123456789abcdef0123456789abcdef"
connectors = st.sampled_from(["", f"{OF_APP_RUNNER}:vpcconnector/inside/{ENDING}"])
networks = st.none() | st.builds(Network, connectors, st.just("public"), st.sampled_from(["ipv4", "dual-stack"]))
traced = Observability(enabled=True, configuration=f"{OF_APP_RUNNER}:observabilityconfiguration/xray/{ENDING}")
commands = st.sampled_from(
    ["", "run", "sh -c 'a: b # c'", "{{x}}", "two\nlines", "it's", "run --token EAA" + "a1" * 20, "\u202e"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    networks,
    st.sampled_from([None, Observability(), traced]),
    st.sampled_from(["", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"]),
    commands,
)
def test_settings_that_few_services_have_are_taken_over(
    network: Network | None, observability: Observability | None, key: str, command: str
) -> None:
    found = live()
    settings = replace(SETTINGS, network=network, observability=observability, command=command)
    fixed = {KMS_KEY: key} if key else {}
    found = replace(
        found,
        service=replace(found.service, spec=replace(found.service.spec, settings=settings), fixed=fixed),
    )

    desired = desired_state(written(found), DesiredImage("team/demo", "v1", None, 30, here=False), APP_RUNNER)

    assert desired.settings.over(settings).network == network
    assert desired.settings.over(settings).observability == observability
    assert desired.fixed == fixed
    left_out = "its start command" in manifest_text(found, choose(found, Ours))
    assert desired.settings.command == ("" if left_out else command)
    assert left_out == (fault_of_command(command, SERVICE_VARIABLE_CHARACTERS) is not None)


@pytest.mark.parametrize("command", ["python -m demo", "sh -c 'exec serve --port $PORT'", 'serve # "x"'])
def test_a_usual_start_command_is_taken_over(command: str) -> None:
    assert fault_of_command(command, SERVICE_VARIABLE_CHARACTERS) is None


def test_a_service_without_variables_makes_no_manifest() -> None:
    found = live(environment={})
    with pytest.raises(InvalidManifest):
        parse(manifest_text(found, choose(found, Ours)).encode(), Path("env/staging.yaml"))


def expectations(found: Live) -> tuple[str, ...]:
    return tuple(expectation(change, "staging") for change in expected_changes(found, choose(found, Ours)))


def test_the_first_plan_of_what_is_as_the_deployer_keeps_it_shows_only_what_it_always_adds() -> None:
    tidy = replace(string("x"), ours=True)
    found = live({"level": tidy}, environment={RELEASE_VARIABLE: "abc"})
    settings = replace(SETTINGS, auto_deployments=False)
    spec = replace(found.service.spec, settings=settings)
    found = replace(
        found,
        service=replace(found.service, spec=spec),
        scalings=(ScalingRevision("arn", Scaling(2, 4, 10), free=True),),
        source=replace(found.source, tag=""),
    )

    assert expectations(found) == (
        "lifecycle team/demo: old images expire, those that were released stay",
        "a second tag for the image, so that it is kept as long as it is a release",
        "service demo-staging: the tags managed-by, app and environment, where they differ",
    )


@pytest.mark.parametrize(
    ("parameters", "start"),
    [
        ({"level": string("x")}, "1 parameter made elsewhere"),
        ({"level": string("x"), "app-id": SECURE}, "2 parameters made elsewhere"),
        ({"level": replace(string("x"), ours=True), "app-id": SECURE}, "1 parameter made elsewhere"),
        ({"level": string("x"), "app-id": string("12345")}, "1 parameter made elsewhere"),
    ],
    ids=["one", "two", "one is tagged", "one has to be set first"],
)
def test_parameters_that_the_first_plan_only_tags_are_counted(
    parameters: dict[str, ObservedParameter], start: str
) -> None:
    [tagged] = [line for line in expectations(live(parameters)) if "made elsewhere" in line]

    assert tagged.startswith(start)


def test_secrets_that_have_to_be_set_before_the_first_plan_are_named() -> None:
    found = live({"level": string("x"), "app-id": string("12345"), "metrics-token": string("short")})

    first, *_ = expectations(found)

    assert first == "it is blocked until these secrets are set: app-id, metrics-token"


@pytest.mark.parametrize(
    ("repository", "expectation"),
    [
        (None, "repository team/demo: it is gone; it will be recreated"),
        (ObservedRepository("uri", False, True, None), "repository team/demo: tags that cannot be moved"),
        (ObservedRepository("uri", True, False, None), "repository team/demo: tags that cannot be moved"),
        (ObservedRepository("uri", True, True, None), "lifecycle team/demo: old images expire"),
        (ObservedRepository("uri", True, True, "{}"), "lifecycle team/demo: its rules are replaced"),
    ],
)
def test_what_the_first_plan_does_to_the_repository(repository: ObservedRepository | None, expectation: str) -> None:
    of_images = [
        line
        for line in expectations(replace(live(), repository=repository))
        if line.startswith(("repository", "lifecycle"))
    ]

    assert of_images[0].startswith(expectation)
    assert len([line for line in of_images if line.startswith("lifecycle")]) == 1


def test_what_is_left_out_is_expected_to_stay_or_to_leave_the_service() -> None:
    stay = "parameters that are left out below: left alone"
    leave = "variables that are left out below and that the service has now: the deployment removes them"
    parameter = live({"spare": string("")}, secrets={})
    variable = live(environment={"lower": "x"})

    assert (stay in expectations(parameter), leave in expectations(parameter)) == (True, False)
    assert (stay in expectations(variable), leave in expectations(variable)) == (False, True)


def test_names_instead_of_arns_and_a_paused_service_are_expected() -> None:
    by_arn = live({"level": string("x")})
    by_name = live({"level": string("x")}, secrets={"LEVEL": f"{PATH}/level"})
    paused = replace(by_arn, service=replace(by_arn.service, status=ServiceStatus.PAUSED))

    said = "deploy demo-staging: parameters by their ARNs instead of their names"
    assert (said in expectations(by_name), said in expectations(by_arn)) == (True, False)
    assert any("--old-release-first" in line for line in expectations(paused))
    assert not any("paused" in line for line in expectations(by_arn))


def test_a_mapping_on_one_line_quotes_what_would_not_stay_a_text() -> None:
    assert flow({"path": "/", "name": "true", "code": "12", "interval": 5}) == (
        '{path: "/", name: "true", code: "12", interval: 5}'
    )
