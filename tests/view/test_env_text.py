from __future__ import annotations

import io

from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from deployer.view.env_text import dotenv, github

names = st.from_regex(r"[A-Z][A-Z0-9]{0,9}(_[A-Z0-9]{1,5}){0,3}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=40)
printable = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=40)


@given(st.dictionaries(names, texts, max_size=6))
def test_python_dotenv_reads_it_back(values: dict[str, str]) -> None:
    assert dict(dotenv_values(stream=io.StringIO(dotenv(values)))) == values


def test_plain_values_stand_without_quotes_and_secrets_as_comments() -> None:
    assert dotenv({"A": "https://a.example/x?y", "B": "it's $HOME", "C": "3"}, ["D"]) == (
        "A='https://a.example/x?y'\nB='it\\'s $HOME'\nC=3\n# D=   # a secret"
    )


@given(st.dictionaries(names, printable, max_size=3), st.dictionaries(names, st.just("a-name"), max_size=3))
def test_the_sections_are_yaml_that_says_the_same(literals: dict[str, str], parameters: dict[str, str]) -> None:
    literals = {name: value for name, value in literals.items() if name not in parameters}
    found = YAML(typ="safe").load(github(literals, parameters, "arn:aws:ssm:us-west-2:123456789012:parameter/a/b/"))
    passed = dict.fromkeys(parameters, "${{ format('{0}{1}', vars.SSM_ROOT, 'a-name') }}")
    assert (found["env"] or {}) == {**literals, **passed}
    assert (found["with"]["copy-env-vars"] or "").split() == list(literals)
    assert (found["with"]["copy-secret-env-vars"] or "").split() == list(parameters)
