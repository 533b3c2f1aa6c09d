from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError

from deployer import secrecy
from deployer.aws.errors import explain
from deployer.aws.session import Session
from deployer.errors import Refused

LOCAL = "http://127.0.0.1:9"


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


def test_a_local_manifest_reaches_its_endpoint_for_every_service() -> None:
    session = Session("000000000000", "us-west-2", LOCAL)
    target = session.client("apprunner", {}, {})
    for client in (session.sts, session.ssm, session.ecr, session.iam, session.logs, target):
        assert client.meta.endpoint_url == LOCAL


def test_a_local_manifest_is_not_led_away_by_variables() -> None:
    with variable("AWS_ENDPOINT_URL", "http://127.0.0.1:10"), variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"):
        assert Session("000000000000", "us-west-2", LOCAL).ecr.meta.endpoint_url == LOCAL


def test_the_real_aws_is_reached_at_amazons_names_only() -> None:
    assert Session("123456789012", "us-west-2", None).ssm.meta.endpoint_url == "https://ssm.us-west-2.amazonaws.com"


def test_a_command_gets_the_credentials_of_the_session_and_no_file_of_the_user() -> None:
    with variable("AWS_SESSION_TOKEN", "session-token-of-this-test"):
        found = Session("123456789012", "us-west-2", None).credential_variables("dynamodb")
    assert found == {
        "AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
        "AWS_SESSION_TOKEN": "session-token-of-this-test",
        "AWS_REGION": "us-west-2",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    assert secrecy.hide("session-token-of-this-test") == secrecy.HIDDEN
    secrecy.forget()


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"])
def test_an_endpoint_the_manifest_does_not_name_is_refused(name: str) -> None:
    with variable(name, LOCAL), pytest.raises(Refused, match=f"{name} is set"):
        _ = Session("123456789012", "us-west-2", None).ssm


def test_an_endpoint_from_a_profile_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    config = tmp_path_factory.mktemp("aws") / "config"
    config.write_text(f"[default]\nendpoint_url = {LOCAL}\n")
    with variable("AWS_CONFIG_FILE", str(config)), pytest.raises(Refused, match="does not name"):
        _ = Session("123456789012", "us-west-2", None).ssm


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AccessDeniedException", '"Action":"PutParameter"'),
        ("ThrottlingException", "fewer calls"),
        ("ExpiredToken", "log in"),
    ],
)
def test_a_refusal_says_the_action_and_what_to_do(code: str, words: str) -> None:
    error = explain(ClientError({"Error": {"Code": code, "Message": "no"}}, "PutParameter"))
    assert "PutParameter" in error.what
    assert words in error.fix
    assert error.why == "no"


def test_parameters_of_a_call_are_never_repeated() -> None:
    error = ParamValidationError(report="Invalid type for parameter Value, value: s3ntinel")
    assert "s3ntinel" not in str(explain(error))


def test_missing_credentials_say_what_to_do() -> None:
    assert "log in" in str(explain(NoCredentialsError()))
