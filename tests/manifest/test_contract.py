"""A manifest that the service's Settings would refuse is refused before anything is deployed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Self

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from ansari_whatsapp.settings import Settings as ServiceSettings
from deployer.manifest.contract import problems
from deployer.manifest.load import LoadedManifest, parse
from deployer.manifest.problem import InvalidManifest
from tests.samples import ENVIRONMENTS, sample, sample_text

HEAD = sample_text("staging").partition("variables:\n")[0]


class Settings(BaseModel):
    backend_url: str
    level: Annotated[str, Field(pattern="^[A-Z]+$")] = "INFO"
    hours: Annotated[int, Field(ge=1)] = 3
    paused: bool = False
    app_secret: SecretStr
    spare_token: SecretStr | None = None
    port: int = 8001
    app_release: str | None = None

    @field_validator("backend_url")
    @classmethod
    def _has_a_scheme(cls, url: str) -> str:
        if "://" not in url:
            raise ValueError(f"{url} has no scheme")
        return url


GOOD = """\
variables:
  backend-url: {kind: literal, value: "http://backend"}
  level: {kind: literal, value: DEBUG}
  hours: {kind: literal, value: 4}
  paused: {kind: literal, value: true}
  app-secret: {kind: secret}
"""


def told(variables: str, settings: type[BaseModel] = Settings) -> list[tuple[str, str]]:
    loaded = parse((HEAD + variables).encode(), Path("env/staging.yaml"))
    return [(problem.what, problem.source[problem.caret :]) for problem in problems(loaded, settings)]


def test_a_manifest_that_fits() -> None:
    assert told(GOOD) == []


def test_a_missing_variable() -> None:
    assert told(GOOD.replace("  app-secret: {kind: secret}\n", "")) == [("app-secret is missing", "variables:")]


def test_an_unknown_variable_with_the_one_that_was_meant() -> None:
    loaded = parse((HEAD + GOOD.replace("level:", "levle:")).encode(), Path("env/staging.yaml"))
    (problem,) = problems(loaded, Settings)

    assert problem.what == "the service has no setting LEVLE"
    assert problem.fix == (
        "did you mean level? Otherwise write `extra: true` if something else in the container reads it"
    )
    assert problem.source[problem.caret :].startswith("levle:")


def test_an_unknown_variable_like_no_other_says_what_to_do_with_it() -> None:
    loaded = parse((HEAD + GOOD + "  shipper: {kind: literal, value: on-1}\n").encode(), Path("env/staging.yaml"))
    (problem,) = problems(loaded, Settings)

    assert problem.what == "the service has no setting SHIPPER"
    assert problem.fix == (
        "delete it, or add the setting to the service; write `extra: true` if something else in the container reads it"
    )


@pytest.mark.parametrize("entry", ["{kind: literal, value: any, extra: true}", "{kind: secret, extra: true}"])
def test_a_variable_without_a_setting_is_taken_when_it_is_marked_as_extra(entry: str) -> None:
    assert told(f"{GOOD}  levle: {entry}\n") == []


def test_an_extra_variable_is_no_reason_to_keep_quiet_about_a_missing_one() -> None:
    variables = GOOD.replace(
        'backend-url: {kind: literal, value: "http://backend"}', "bakend-url: {kind: secret, extra: true}"
    )

    assert told(variables) == [("backend-url is missing", "variables:")]


@pytest.mark.parametrize("name", ["level", "app-secret", "spare-token"])
def test_a_setting_is_never_extra(name: str) -> None:
    lines = [line for line in GOOD.splitlines(keepends=True) if not line.startswith(f"  {name}:")]
    entry = "{kind: literal, value: DEBUG, extra: true}" if name == "level" else "{kind: secret, extra: true}"
    loaded = parse((HEAD + "".join(lines) + f"  {name}: {entry}\n").encode(), Path("env/staging.yaml"))
    (problem,) = problems(loaded, Settings)

    variable = name.upper().replace("-", "_")
    assert problem.what == f"{variable} is a setting of the service, and here marked as extra"
    assert problem.fix == "delete `extra: true`"
    assert problem.source[problem.caret :] == "extra: true}"


def test_extra_is_true_or_false_and_shown_on_its_line() -> None:
    def refused(extra: str) -> tuple[str, str]:
        with pytest.raises(InvalidManifest) as raised:
            told(f"{GOOD}  shipper: {{kind: secret, extra: {extra}}}\n")
        (problem,) = raised.value.problems
        return problem.what, problem.source.strip()

    assert refused('"true"') == (
        "variables.shipper.extra has to be true or false",
        'shipper: {kind: secret, extra: "true"}',
    )
    assert refused("yes")[0] == "variables.shipper.extra has to be true or false"
    assert told(f"{GOOD}  shipper: {{kind: secret, extra: false}}\n") == [
        ("the service has no setting SHIPPER", "shipper: {kind: secret, extra: false}")
    ]


def test_a_misspelt_variable_is_not_told_as_missing_too() -> None:
    assert [what for what, _ in told(GOOD.replace("backend-url", "bakend-url"))] == [
        "the service has no setting BAKEND_URL"
    ]


def test_a_literal_is_hidden_when_only_the_service_knows_that_it_is_a_secret() -> None:
    class Numbered(BaseModel):
        phone_number: SecretStr

    assert told("variables:\n  phone-number: {kind: literal, value: hunter2}\n", Numbered) == [
        ("phone-number is a secret of the service, and here a literal", "phone-number: {kind: literal, value: ***}")
    ]


def test_a_secret_of_the_service_is_no_literal_and_its_value_is_not_shown() -> None:
    loaded = parse(
        (
            HEAD
            + GOOD.replace(
                "{kind: secret}", "{kind: literal, value: hunter2}\n  spare-token: {kind: literal, value: a}"
            )
        ).encode(),
        Path("env/staging.yaml"),
    )
    first, second = problems(loaded, Settings)

    assert first.what == "app-secret is a secret of the service, and here a literal"
    assert "just secret set staging app-secret" in first.fix
    assert "hunter2" not in str(first)
    assert second.what == "spare-token is a secret of the service, and here a literal"


def test_what_the_service_does_not_call_secret_may_be_one() -> None:
    assert told(GOOD.replace('{kind: literal, value: "http://backend"}', "{kind: secret}")) == []


@pytest.mark.parametrize(
    ("old", "new", "what", "why"),
    [
        ("DEBUG", "loud", "LEVEL", "should match pattern"),
        ("value: 4", "value: 0", "HOURS", "greater than or equal to 1"),
        ("value: 4", "value: soon", "HOURS", "it should be a valid integer"),
        ("value: true", "value: maybe", "PAUSED", "boolean"),
        ("http://backend", "backend", "BACKEND_URL", "backend has no scheme"),
    ],
)
def test_a_literal_that_the_service_refuses(old: str, new: str, what: str, why: str) -> None:
    loaded = parse((HEAD + GOOD.replace(old, new)).encode(), Path("env/staging.yaml"))
    (problem,) = problems(loaded, Settings)

    assert problem.what == f"the service refuses this value of {what}"
    assert why in problem.why
    assert problem.source[problem.caret :].startswith("value:")


def test_all_are_told_at_once_in_the_order_of_the_file() -> None:
    broken = GOOD.replace("DEBUG", "loud").replace("value: 4", "value: 0").replace("paused", "pause")

    assert [what for what, _ in told(broken)] == [
        "the service refuses this value of LEVEL",
        "the service refuses this value of HOURS",
        "the service has no setting PAUSE",
    ]


def test_settings_that_belong_together_are_tried_too() -> None:
    class Pair(BaseModel):
        least: int
        most: int

        @model_validator(mode="after")
        def _in_order(self) -> Self:
            if self.least > self.most:
                raise ValueError("least is above most")
            return self

    variables = "variables:\n  least: {kind: literal, value: 3}\n  most: {kind: literal, value: 2}\n"

    assert told(variables, Pair) == [("the service refuses these values together", "variables:")]
    assert told(variables.replace("value: 2", "value: 4"), Pair) == []


def test_no_validators_words_are_shown_for_a_telling_name() -> None:
    class Telling(BaseModel):
        api_key: str

        @field_validator("api_key")
        @classmethod
        def _refuse(cls, key: str) -> str:
            raise ValueError(f"{key} is wrong")

    loaded = parse(
        (HEAD + "variables:\n  api-key: {kind: literal, value: hunter2}\n").encode(), Path("env/staging.yaml")
    )
    (problem,) = problems(loaded, Telling)

    assert "hunter2" not in str(problem)


def test_a_manifest_fits_the_service_itself(read: Callable[..., LoadedManifest]) -> None:
    for environment in ENVIRONMENTS:
        assert problems(sample(environment), ServiceSettings) == ()
    (problem,) = problems(read(("meta-app-secret: {kind: secret", "meta-app-secrt: {kind: secret")), ServiceSettings)
    assert problem.what == "the service has no setting META_APP_SECRT"
    assert problem.fix.startswith("did you mean meta-app-secret? ")


def test_a_drain_that_cannot_end_before_the_platform_kills_is_refused_on_its_line() -> None:
    drain = '\nvariables:\n  drain-seconds: {kind: literal, value: "20"}\n'
    too_long = sample_text("staging").replace("\nvariables:\n", drain)
    [found] = problems(parse(too_long.encode(), Path("env/staging.yaml")), ServiceSettings)
    line = too_long.splitlines().index('  drain-seconds: {kind: literal, value: "20"}') + 1
    assert (found.line, "exceed STOP_SECONDS, 10: at most 2.5 fit" in str(found)) == (line, True)
    longer = too_long.replace(drain, f'{drain}  stop-seconds: {{kind: literal, value: "30"}}\n')
    assert problems(parse(longer.encode(), Path("env/staging.yaml")), ServiceSettings) == ()
