"""What an environment is called and where it is, read from a manifest with problems elsewhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.manifest.identity import FIELDS, identity_of, read_identity
from deployer.manifest.load import parse
from deployer.manifest.problem import InvalidManifest
from tests.manifest.conftest import STAGING, WHERE
from tests.samples import sample_manifest, sample_path

GOOD = identity_of(parse(STAGING.encode(), WHERE).manifest, WHERE)
NAMED = {field[-1] for field in FIELDS}
# Lines that neither hold a field of the identity nor the key of its group.
LINES = STAGING.splitlines()
OTHER = [
    number
    for number, line in enumerate(LINES)
    if (key := re.match(r" *([\w-]+):", line)) and key[1] not in NAMED | {"aws", "service"}
]
WORDS = st.from_regex(r"[a-z0-9 ]{0,12}", fullmatch=True)


def damaged(lines: list[str]) -> bytes:
    return "\n".join([*lines, ""]).encode()


def test_of_a_good_manifest_it_is_what_the_model_says() -> None:
    assert read_identity(STAGING.encode(), WHERE) == GOOD
    assert (GOOD.account, GOOD.service, GOOD.endpoint) == ("123456789012", "ansari-staging-whatsapp", None)


def test_of_a_local_manifest_its_endpoint_is_enough() -> None:
    path = sample_path("local")
    text = re.sub(r"(?m)^  meta-graph-url: .*\n", "", path.read_text())
    assert read_identity(text.encode(), path) == identity_of(sample_manifest("local"), path)
    assert read_identity(text.replace("http://127.0.0.1:4566", "http://example.com").encode(), path) is None


@given(st.dictionaries(st.sampled_from(OTHER), WORDS, min_size=1))
def test_any_other_value_may_be_damaged(values: dict[int, str]) -> None:
    lines = list(LINES)
    for number, word in values.items():
        key = re.match(r" *[\w-]+:", lines[number])
        assert key
        # A group keeps the lines below it: its key is renamed instead.
        opens = lines[number].split("#")[0].rstrip().endswith(":")
        lines[number] = f"{key[0][:-1]}{word.replace(' ', '')}:" if opens else f'{key[0]} "{word}"'
    assert read_identity(damaged(lines), WHERE) == GOOD


@given(st.sets(st.sampled_from([n for n in OTHER if LINES[n].startswith("  ") and not LINES[n].endswith(":")])))
def test_any_other_line_may_be_missing(gone: set[int]) -> None:
    lines = [line for number, line in enumerate(LINES) if number not in gone]
    assert read_identity(damaged(lines), WHERE) == GOOD


@given(st.dictionaries(st.from_regex(r"x[a-z_]{1,9}", fullmatch=True), WORDS))
def test_unknown_keys_may_stand_beside_it(extra: dict[str, str]) -> None:
    lines = [*LINES, *(f'{key}: "{word}"' for key, word in extra.items())]
    assert read_identity(damaged(lines), WHERE) == GOOD


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"123456789012"', "123456789012"),  # a number to other readers
        ('"123456789012"', '"1234"'),
        ("  region: us-west-2", "  # no region"),
        ("region: us-west-2", "region: us-west-2\n  region: us-east-1"),  # only one of them can be meant
        ("app: ansari-whatsapp\n", "app: ansari-whatsapp\napp: another\n"),
        ("app: ansari-whatsapp\n", "app: !!str ansari-whatsapp\n"),
        ("environment: staging", "environment: production"),  # a file that was copied
        ("name: ansari-staging-whatsapp", "name: [ansari-staging-whatsapp]"),
        ("parameter_path: /app-runtime", "parameter_path: app-runtime"),
        ("app: ansari-whatsapp\n", "app: ansari-whatsapp\nopen: [\n"),
        ("  origins: {", "  origins: [{"),  # nobody knows what follows
        ("app: ansari-whatsapp\n", "<<<<<<< HEAD\napp: ansari-whatsapp\n"),
    ],
)
def test_what_leaves_a_doubt_is_not_taken(old: str, new: str) -> None:
    assert old in STAGING
    text = STAGING.replace(old, new)
    with pytest.raises(InvalidManifest):
        parse(text.encode(), WHERE)
    assert read_identity(text.encode(), WHERE) is None


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(raw: bytes) -> None:
    assert read_identity(raw, WHERE) is None
