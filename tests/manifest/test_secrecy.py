"""Whatever goes wrong with a manifest, a secret pasted into it is not shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.manifest.load import LoadedManifest, parse
from deployer.manifest.problem import InvalidManifest, Problem
from deployer.view.check_json import problems_json

WHERE = Path("env/staging.yaml")
SENTINEL = "hunter2correcthorse"
SECRET = "meta-app-secret: {kind: secret, description: "


@pytest.mark.parametrize(
    "entry",
    [
        f"{{kind: secret, value: {SENTINEL}}}",
        f'{{kind: secret, value: "{SENTINEL}"}}',
        f"{{kind: secret, vlaue: {SENTINEL}}}",
        f"{{kind: secret, {SENTINEL}}}",
        f"{{kind: secret, value:{SENTINEL}}}",
        f"{{kind: secret, generate: {SENTINEL}}}",
        f"{{kind: secret, source: {SENTINEL}}}",
        f"{{kind: secret, kind: literal, value: {SENTINEL}}}",
        f"{{kind: literal, kind: secret, value: {SENTINEL}}}",
        f"{{kind: {SENTINEL}}}",
        f"{{kind: literal, store: {SENTINEL}, value: x}}",
        f"{{kind: secret, value: [{SENTINEL}]}}",
        f"{{kind: secret, value: {{a: {SENTINEL}}}}}",
        f"{{kind: secret, value: !{SENTINEL} x}}",
        f"{{kind: secret, value: &{SENTINEL} x}}",
        f"{{kind: secret, value: *{SENTINEL}}}",
        f"{{kind: literal, value: *{SENTINEL}}}",
        f'{{kind: literal, value: !{SENTINEL} "x"}}',
        f"{{kind: literal, vlaue: {SENTINEL}}}",
        f"{{kind: secret, value: 12, store: nowhere}} # {SENTINEL}",
        f"{{value: {SENTINEL}}}",
        f"{{kidn: secret, value: {SENTINEL}}}",
        SENTINEL,
        f"[{SENTINEL}]",
        f"'{SENTINEL}'",
        f"|\n    {SENTINEL}\n    {SENTINEL} - {SENTINEL}",
        f'"\n    {SENTINEL}\n    more"',
        f"\n    kind: secret\n    value: |\n      {SENTINEL}\n      two",
        f"\n    kind: secret\n    value: >-\n      {SENTINEL}\n   {SENTINEL}: x",
        f"{{kind: secret, value: '{SENTINEL}}}",
        f"{{kind: secret value: {SENTINEL}}}",
        f"{{kind: secret, value: {SENTINEL}",
        f"{{kind: secret, value: @{SENTINEL}}}",
        f"{{kind: secret, value: {SENTINEL}\0}}",
        f'{{kind: secret, value: "\\q{SENTINEL}"}}',
        f"\n    kind: secret\n\tvalue: {SENTINEL}",
        f"\n    kind: secret\n   value: {SENTINEL}",
        f"\n    kind: secret\n    value: {SENTINEL}: {SENTINEL}",
        f"\n    kind: secret\n    value {SENTINEL}",
        f"{{kind: literal, value: {SENTINEL}, store: nowhere}}",  # its name says that it is secret
    ],
)
def test_a_secret_is_not_shown(refused: Callable[..., tuple[Problem, ...]], entry: str) -> None:
    problems = refused(
        (f'{SECRET}"Meta app dashboard, App settings, Basic: App secret"}}', f"meta-app-secret: {entry}")
    )

    assert SENTINEL not in str(InvalidManifest(problems))
    assert SENTINEL not in problems_json(problems)
    assert SENTINEL not in repr(InvalidManifest(problems))


@pytest.mark.parametrize(
    "line",
    [
        f"varaibles: {{meta-app-secret: {{kind: literal, value: {SENTINEL}}}}}",
        f"secrets: {{a: {SENTINEL}}}",
        f"secrets: [{SENTINEL}]",
        f"{SENTINEL}{SENTINEL}1: x",
        f"service: {{secret-key: {SENTINEL}}}",
    ],
)
def test_a_secret_outside_the_variables_is_not_shown(refused: Callable[..., tuple[Problem, ...]], line: str) -> None:
    problems = refused(("app: ansari-whatsapp\n", f"app: ansari-whatsapp\n{line}\n"))

    assert SENTINEL not in problems_json(problems)


@pytest.mark.parametrize(
    "value", [f"*{SENTINEL}", f"&{SENTINEL} x", f"!{SENTINEL} x", f"!{SENTINEL} 'x'", f'"\\0{SENTINEL}"']
)
def test_what_yaml_hides_from_us_we_do_not_show(refused: Callable[..., tuple[Problem, ...]], value: str) -> None:
    problems = refused(("value: DEBUG", f"value: {value}"))

    assert SENTINEL not in problems_json(problems)


def test_a_comment_is_no_part_of_the_problem(refused: Callable[..., tuple[Problem, ...]]) -> None:
    (problem,) = refused(("keep: 30  ", f"keep: none  # {SENTINEL} "))

    assert problem.source == "  keep: none"


def test_a_bent_secret_is_not_quoted(refused: Callable[..., tuple[Problem, ...]]) -> None:
    problems = refused(
        ("generate: 32", "value: 0123456789012345678"),
        (
            "  origins: {kind: literal, value:",
            "  pin-secret: {kind: literal, value: 0987654321}\n  origins: {kind: literal, value:",
        ),
    )

    assert [problem.what for problem in problems] == [
        "a manifest never holds a secret's value",
        "variables.pin-secret.value is not taken as it is written",
    ]
    assert "0123456789012345678" not in problems_json(problems)
    assert "0987654321" not in problems_json(problems)
    assert problems[1].fix == "put it in quotes"


def test_what_is_no_secret_is_shown(refused: Callable[..., tuple[Problem, ...]]) -> None:
    (problem,) = refused(("value: DEBUG", "value: 0123, description: why not"))

    assert problem.source == "  logging-level: {kind: literal, value: 0123, description: why not}"


@pytest.fixture(scope="module")
def text(read: Callable[..., LoadedManifest]) -> str:
    return read().text


def outcome(raw: bytes) -> str:
    """All that a user would see. Fails when reading raises anything but InvalidManifest."""
    problems: tuple[Problem, ...] = ()
    try:
        parse(raw, WHERE)
    except InvalidManifest as error:
        problems = error.problems
        shown = f"{error}\n{problems_json(problems)}\n{error!r}"
    else:
        return ""
    assert problems
    for problem in problems:
        assert problem.what
        assert problem.line >= 1
        assert problem.col >= 1
        assert 0 <= problem.caret <= len(problem.source) <= 120
    return shown


@settings(max_examples=300, derandomize=True)
@given(st.binary(max_size=200))
def test_no_bytes_end_in_another_error(raw: bytes) -> None:
    outcome(raw)


YAMLISH = st.text(alphabet="ab:-?{}[],'\"|>&*!%@#\n\t \\x0~=<\u2028\ufeff\ud7ff", max_size=60)


@settings(max_examples=700, derandomize=True)
@given(YAMLISH)
def test_no_text_of_yamls_own_signs_ends_in_another_error(some: str) -> None:
    outcome(some.encode())


@settings(max_examples=250, derandomize=True)
@given(data=st.data())
def test_no_mutated_manifest_ends_in_another_error_or_shows_its_secret(text: str, data: st.DataObject) -> None:
    """The secret stands under `kind: secret`; then the file is damaged somewhere else."""
    planted = text.replace("generate: 32", f"value: {SENTINEL}")
    assert planted != text
    inside = planted.index(SENTINEL)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(planted)))
        if inside - 10 <= at <= inside + len(SENTINEL):
            continue  # damage there changes the secret itself, or that it is one
        cut = min(data.draw(st.integers(0, 12)), len(planted) - at)
        if at < inside < at + cut + 40:
            cut = 0
        new = data.draw(YAMLISH)
        planted = planted[:at] + new + planted[at + cut :]
        inside = planted.index(SENTINEL)

    assert SENTINEL not in outcome(planted.encode(errors="replace"))
