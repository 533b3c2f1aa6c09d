"""Names turn into variables, and paths into ARNs, and back; everything else is refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer import names
from deployer.errors import DeployerError
from deployer.names import BadName


def reserved(variable: str) -> bool:
    return variable in {"PORT", "APP_RELEASE"} or variable.startswith("AWSAPPRUNNER")


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,4}", fullmatch=True).filter(
    lambda name: not reserved(name.upper().replace("-", "_"))
)
VARIABLES = st.from_regex(r"[A-Z][A-Z0-9]{0,8}(_[A-Z0-9]{1,8}){0,4}", fullmatch=True).filter(
    lambda variable: not reserved(variable)
)
PATHS = st.from_regex(r"(/[A-Za-z0-9_.-]{1,12}){1,6}", fullmatch=True)
REGIONS = st.sampled_from(["us-west-2", "eu-central-1", "ap-southeast-2"])
ACCOUNTS = st.from_regex(r"[0-9]{12}", fullmatch=True)


def nearly(text: str, marks: str) -> Iterator[str]:
    """The text with each mark put in at each place, and put in the place of each character."""
    for at, mark, gone in product(range(len(text) + 1), marks, (0, 1)):
        yield text[:at] + mark + text[at + gone :]


ARNS = st.builds(names.path_to_arn, PATHS, REGIONS, ACCOUNTS)


def test_the_example_of_the_deployment_document() -> None:
    path = names.join("/app-runtime/ansari-whatsapp/staging", "backend-server-url")

    assert path == "/app-runtime/ansari-whatsapp/staging/backend-server-url"
    assert names.variable("backend-server-url") == "BACKEND_SERVER_URL"
    assert names.path_to_arn(path, "us-west-2", "123456789012") == (
        "arn:aws:ssm:us-west-2:123456789012:parameter/app-runtime/ansari-whatsapp/staging/backend-server-url"
    )


@given(NAMES)
def test_a_name_comes_back_from_its_variable(name: str) -> None:
    assert names.parameter(names.variable(name)) == name


@given(VARIABLES)
def test_a_variable_comes_back_from_its_name(variable: str) -> None:
    assert names.variable(names.parameter(variable)) == variable


@given(st.lists(NAMES, min_size=2, max_size=8, unique=True))
def test_different_names_are_different_variables(some: list[str]) -> None:
    assert len({names.variable(name) for name in some}) == len(some)


@given(st.text(max_size=30))
def test_every_text_is_a_name_or_is_refused_with_a_reason(text: str) -> None:
    check_name(text)


@settings(max_examples=20)
@given(NAMES)
def test_a_text_that_is_nearly_a_name_is_one_or_is_refused_with_a_reason(name: str) -> None:
    """Plain text is hardly ever this close to a name."""
    for text in nearly(name, "-_A0a.é\n "):
        check_name(text)


def check_name(text: str) -> None:
    within = re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", text) and not reserved(text.upper().replace("-", "_"))
    if within:
        assert names.variable(text)
        return
    with pytest.raises(BadName) as refusal:
        names.variable(text)
    assert refusal.value.why
    assert isinstance(refusal.value, DeployerError)


@given(st.text(max_size=30))
def test_every_text_is_a_variable_or_is_refused_with_a_reason(text: str) -> None:
    check_variable(text)


@settings(max_examples=20)
@given(VARIABLES)
def test_a_text_that_is_nearly_a_variable_is_one_or_is_refused_with_a_reason(variable: str) -> None:
    for text in nearly(variable, "_-a0A.É\n "):
        check_variable(text)


def check_variable(text: str) -> None:
    if re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", text) and not reserved(text):
        assert names.parameter(text)
        return
    with pytest.raises(BadName) as refusal:
        names.parameter(text)
    assert refusal.value.why


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("backend_server_url", "joined by '-'"),
        ("Backend", "small letters"),
        ("2nd-key", "start with"),
        ("-key", "start with"),
        ("key-", "between words"),
        ("a--b", "between words"),
        ("a.b", "small letters, digits"),
        ("key\n", "small letters, digits"),
        ("schlüssel", "small letters, digits"),
        ("port", "the target itself sets PORT"),
        ("app-release", "the deployer itself sets"),
        ("awsapprunner-x", "App Runner reserves"),
        ("awsapprunnerx", "App Runner reserves"),
    ],
)
def test_a_bad_name_says_why(name: str, reason: str) -> None:
    with pytest.raises(BadName) as refusal:
        names.variable(name)
    assert reason in refusal.value.why


@pytest.mark.parametrize("variable", ["PORT", "APP_RELEASE", "AWSAPPRUNNER", "AWSAPPRUNNER_X"])
def test_reserved_variables_are_refused(variable: str) -> None:
    with pytest.raises(BadName):
        names.parameter(variable)


def test_only_the_reserved_ones_are_reserved() -> None:
    assert names.parameter("PORT_NUMBER") == "port-number"
    assert names.parameter("AWS_REGION") == "aws-region"
    assert names.variable("app-releases") == "APP_RELEASES"


@given(PATHS, REGIONS, ACCOUNTS)
def test_a_path_comes_back_from_its_arn(path: str, region: str, account: str) -> None:
    arn = names.path_to_arn(path, region, account)

    assert names.arn_to_path(arn) == names.ParameterArn(path, region, account)
    assert str(names.arn_to_path(arn)) == arn


@given(PATHS, NAMES)
def test_a_parameter_path_splits_where_it_was_joined(path: str, name: str) -> None:
    assert names.split(names.join(path, name)) == (path, name)


@given(PATHS, NAMES, REGIONS, ACCOUNTS)
def test_the_root_is_what_a_name_is_appended_to(path: str, name: str, region: str, account: str) -> None:
    root = names.ssm_root(path, region, account)

    assert root.endswith("/")
    assert names.arn_to_path(root + name).path == names.join(path, name)


@pytest.mark.parametrize("path", ["", "/", "a/b", "/a/", "/a//b", "/a b", "/a/b\n", "/a/*", "/ä"])
def test_what_is_no_path_is_refused(path: str) -> None:
    for convert in (
        lambda: names.join(path, "x"),
        lambda: names.split(path),
        lambda: names.ssm_root(path, "us-west-2", "123456789012"),
    ):
        with pytest.raises(BadName) as refusal:
            convert()
        assert refusal.value.why


def test_a_policy_may_name_everything_below_a_path() -> None:
    arn = names.path_to_arn("/a/b/*", "us-west-2", "123456789012")

    assert arn == "arn:aws:ssm:us-west-2:123456789012:parameter/a/b/*"
    with pytest.raises(BadName):
        names.arn_to_path(arn)


@given(st.text(max_size=80))
def test_any_text_is_an_arn_or_is_refused(text: str) -> None:
    check_arn(text)


@settings(max_examples=10)
@given(ARNS)
def test_a_text_that_is_nearly_an_arn_is_one_or_is_refused(arn: str) -> None:
    for text in nearly(arn, "/:-_*0aA é\n"):
        check_arn(text)


def check_arn(text: str) -> None:
    if re.fullmatch(r"arn:aws:ssm:[a-z]{2}(-[a-z]+)+-[0-9]:[0-9]{12}:parameter(/[A-Za-z0-9_.-]+)+", text):
        assert str(names.arn_to_path(text)) == text
        return
    with pytest.raises(BadName) as refusal:
        names.arn_to_path(text)
    assert refusal.value.why


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:ssm:us-west-2:123456789012:parameter/",
        "arn:aws:ssm:us-west-2:12345678901:parameter/a",
        "arn:aws:ssm:us-west:123456789012:parameter/a",
        "arn:aws:secretsmanager:us-west-2:123456789012:secret:a",
        "arn:aws:ssm:us-west-2:123456789012:parameter/a\n",
        "/a/b",
    ],
)
def test_what_is_no_parameters_arn_is_refused(arn: str) -> None:
    with pytest.raises(BadName) as refusal:
        names.arn_to_path(arn)
    assert refusal.value.why


@pytest.mark.parametrize(("region", "account"), [("west", "123456789012"), ("us-west-2", "1"), ("", "")])
def test_an_arn_needs_a_region_and_an_account(region: str, account: str) -> None:
    with pytest.raises(BadName):
        names.path_to_arn("/a/b", region, account)
