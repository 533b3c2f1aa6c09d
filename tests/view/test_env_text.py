from __future__ import annotations

import json
import subprocess

import pytest
from dotenv import dotenv_values
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from deployer.core.dotenv_file import bindings
from deployer.errors import UsageError
from deployer.view.env_text import FORMATS, compose, docker, dotenv, github, github_env, shell

names = st.from_regex(r"X[A-Z][A-Z0-9]{0,9}(_[A-Z0-9]{1,5}){0,3}", fullmatch=True)
# What some reader takes for more than itself comes often.
special = st.sampled_from(
    ["\\", "'", '"', "$", "${HOME}", "${", "}", "\n", "\r", "#", " ", "`", "=", "$(id)", "a", "é"]
)
texts = st.one_of(
    st.lists(special, max_size=8).map("".join),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
)
variables = st.dictionaries(names, texts, max_size=4)
printable = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=40)


@given(variables)
@example({"XA": "ends with \\", "XB": "it's ${HOME}", "XC": "${:-$}{XA}\r\n"})
def test_python_dotenv_reads_it_back(tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]) -> None:
    file = tmp_path_factory.getbasetemp() / "dotenv.env"
    file.write_bytes(dotenv(values).encode())
    assert dict(dotenv_values(file)) == values


@given(variables)
@example({"XA": "ends with \\", "XB": "it's ${HOME}", "XC": "${:-$}{XA}\r\n"})
def test_an_import_reads_it_back(values: dict[str, str]) -> None:
    assert {line.name: line.value for line in bindings(dotenv(values))} == values


@pytest.mark.parametrize("program", ["sh", "bash"])
@settings(max_examples=30)
@given(values=variables)
@example(
    values={"XA": "back\\slash\\", "XB": 'it\'s "$HOME" `id` $(id)', "XC": "a\nb # c\r\n\n", "XD": "", "XE": "~/x"}
)
def test_a_shell_reads_it_back(tmp_path_factory: pytest.TempPathFactory, program: str, values: dict[str, str]) -> None:
    file = tmp_path_factory.getbasetemp() / f"{program}.env"
    file.write_bytes(shell(values, ["XSECRET"]).encode())
    script = 'set -a; . "$1"; set +a; exec /usr/bin/env -0'
    done = subprocess.run([program, "-euc", script, "-", file], env={}, capture_output=True, check=True)
    found = dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if line)
    assert {name: value for name, value in found.items() if name.startswith("X")} == values


@given(variables)
def test_json_is_read_back(values: dict[str, str]) -> None:
    assert json.loads(FORMATS["json"](values, ["XSECRET"])) == values


@given(variables)
def test_the_runner_of_github_reads_it_back(values: dict[str, str]) -> None:
    """NAME<<MARK, then lines up to one that is MARK: GitHub's "Workflow commands", multiline strings."""
    found: dict[str, str] = {}
    lines = iter(github_env(values, ["XSECRET"]).split("\n") if values else [])
    for line in lines:
        name, _, mark = line.partition("<<")
        held = []
        while (line := next(lines)) != mark:
            held.append(line)
        found[name] = "\n".join(held)
    assert found == values


def test_the_mark_of_a_value_is_never_the_same() -> None:
    assert github_env({"XA": "x"}) != github_env({"XA": "x"})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("a $HOME ${HOME}", r'"a \$HOME \${HOME}"'),
        ('it\'s "so"', '"it\'s \\"so\\""'),
        ("back\\slash\\", r'"back\\slash\\"'),
        ("two\nlines\r\n", '"two\nlines\\r\n"'),
        ("a # b", '"a # b"'),
        ("", '""'),
    ],
)
def test_compose_is_given_double_quotes(value: str, written: str) -> None:
    """As compose-go reads them (its dotenv/parser.go): `\\$` is a `$`, and a line break is one."""
    assert compose({"XA": value}, ["XB"]) == f"XA={written}\n# XB=   # a secret"


@pytest.mark.parametrize("value", ["a 'b' $HOME \\ # c", " x ", '"', "'a", "a'", "a\rb"])
def test_docker_is_given_the_value_itself(value: str) -> None:
    assert docker({"XA": value}, ["XB"]) == f"XA={value}\n# XB=   # a secret"


@pytest.mark.parametrize(
    ("value", "why"), [("a\nb", "several"), ("a\r", "carriage return"), ("'a'", "quote"), ('""', "quote")]
)
def test_what_docker_cannot_hold_is_named(value: str, why: str) -> None:
    with pytest.raises(UsageError, match="the value of XB") as refused:
        docker({"XA": "a", "XB": value})
    assert why in refused.value.why
    assert value not in str(refused.value)


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "json"])
def test_no_variable_holds_a_nul(form: str) -> None:
    with pytest.raises(UsageError, match="the value of XB"):
        FORMATS[form]({"XA": "a", "XB": "a\0b"}, ())


def test_plain_values_stand_without_quotes_and_secrets_as_comments() -> None:
    given = {"A": "https://a.example/x?y", "B": "it's $HOME", "C": "3"}
    assert dotenv(given, ["D"]) == "A='https://a.example/x?y'\nB='it\\'s $HOME'\nC=3\n# D=   # a secret"
    assert shell(given, ["D"]) == "A='https://a.example/x?y'\nB='it'\\''s $HOME'\nC=3\n# D=   # a secret"


@given(st.dictionaries(names, printable, max_size=3), st.dictionaries(names, st.just("a-name"), max_size=3))
def test_the_sections_are_yaml_that_says_the_same(literals: dict[str, str], parameters: dict[str, str]) -> None:
    literals = {name: value for name, value in literals.items() if name not in parameters}
    found = YAML(typ="safe").load(github(literals, parameters, "arn:aws:ssm:us-west-2:123456789012:parameter/a/b/"))
    passed = dict.fromkeys(parameters, "${{ format('{0}{1}', vars.SSM_ROOT, 'a-name') }}")
    assert (found["env"] or {}) == {**literals, **passed}
    assert (found["with"]["copy-env-vars"] or "").split() == list(literals)
    assert (found["with"]["copy-secret-env-vars"] or "").split() == list(parameters)
