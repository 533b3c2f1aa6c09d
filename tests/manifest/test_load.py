"""A manifest is read whole, or refused with every problem on its line."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer import errors
from deployer.manifest import syntax, tree
from deployer.manifest.explain import explain_problems
from deployer.manifest.load import LoadedManifest, load_manifest, parse
from deployer.manifest.model import LiteralVariable, SecretVariable
from deployer.manifest.problem import InvalidManifest, Position, Problem
from tests.manifest.conftest import STAGING, WHERE
from tests.samples import sample_path

Refused = Callable[..., tuple[Problem, ...]]
RefusedText = Callable[[str | bytes], tuple[Problem, ...]]


def test_a_good_manifest() -> None:
    path = sample_path("staging")

    loaded = load_manifest(path)

    assert loaded.path == path
    assert loaded.text == path.read_text()
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.manifest.service.port == 8001
    assert loaded.manifest.variables["meta-app-secret"] == SecretVariable(
        kind="secret", description="Meta app dashboard, App settings, Basic: App secret"
    )
    hours = loaded.manifest.variables["whatsapp-chat-retention-hours"]
    assert isinstance(hours, LiteralVariable)
    assert hours.text == "3"


def test_every_key_has_its_place(read: Callable[..., LoadedManifest]) -> None:
    loaded = read()
    lines = loaded.text.splitlines()

    line, col = loaded.where("variables", "logging-level")
    assert lines[line - 1][col - 1 :].startswith("logging-level:")
    line, col = loaded.where("variables", "logging-level", "value")
    assert lines[line - 1][col - 1 :].startswith("value:")
    line, col = loaded.where("protect", "branches", 1)
    assert lines[line - 1][col - 1 :].startswith("main]")
    assert loaded.where("service", "health_check", "nothing") == loaded.where("service", "health_check")
    assert loaded.where("variables", "nothing", "at", "all") == loaded.where("variables")
    assert loaded.where("protect", "branches", 7) == loaded.where("protect", "branches")


def test_all_problems_are_told_at_once_in_the_order_of_the_file(refused: Refused) -> None:
    problems = refused(
        ("port: 8001", 'port: "8001"'),
        ("keep: 30", "kep: 30"),
        ("memory: 2 GB", "memory: 8 GB"),
        ("interval: 5", "interval: 21"),
        ("min: 1, max: 25", "min: 9, max: 3"),
        ("value: 86400", "value: 0123"),
        ("kind: secret, generate: 32", "kind: secrte, generate: 32"),
        ("meta-api-version", "META_API_VERSION"),
        ("region: us-west-2", "region: oregon"),
    )

    assert [problem.what for problem in problems] == [
        "aws.region has to be an AWS region",
        "there is no key kep in image",
        "App Runner does not offer this memory with this cpu",
        "service.port has to be a whole number",
        "service.health_check.interval has to be at most 20",
        "service.scaling.max is below service.scaling.min",
        "variables.META_API_VERSION cannot be the name of a variable",
        "variables.meta-webhook-verify-token.kind has to be one of: secret, literal",
        "variables.whatsapp-message-age-threshold-seconds.value is not taken as it is written",
    ]
    assert sorted(problems, key=lambda one: (one.line, one.col)) == list(problems)


ENDING = "1/0123456789abcdef0123456789abcdef"
CONNECTOR = f"arn:aws:apprunner:eu-west-1:123456789012:vpcconnector/inside/{ENDING}"
ELSEWHERE = f"arn:aws:apprunner:us-west-2:210987654321:vpcconnector/inside/{ENDING}"
TRACES = f"arn:aws:apprunner:us-west-2:123456789012:observabilityconfiguration/xray/{ENDING}"


@pytest.mark.parametrize(
    ("edit", "what", "fix", "under"),
    [
        (("keep: 30", "kep: 30"), "there is no key kep in image", "did you mean keep?", "kep"),
        (("keep: 30", "port: 30"), "there is no key port in image", "write it below service", "port"),
        (("app: ansari-whatsapp", "name: x\napp: ansari-whatsapp"), "there is no key name", "write it below", "name"),
        (("  region: us-west-2", "  # no region"), "aws.region is missing", "add `region: us-west-2`", "aws"),
        (("port: 8001", 'port: "8001"'), "service.port has to be a whole number", "take the quotes away", '"8001"'),
        (("port: 8001", "port: true"), "service.port has to be a whole number", "write a number", "true"),
        (("port: 8001", "port: 0"), "service.port has to be at least 1", "larger", "0"),
        (("port: 8001", "port: 65536"), "service.port has to be at most 65535", "smaller", "65536"),
        (('"123456789012"', "123456789012"), "aws.account has to be text", 'write "123456789012"', "123456789012"),
        (('"123456789012"', '"12345"'), "aws.account has to be the 12 digits", "write it like", '"12345"'),
        (("confirm: false", 'confirm: "no"'), "protect.confirm has to be true or false", "without quotes", '"no"'),
        (("confirm: false", "confirm: no"), "protect.confirm has to be true or false", "without quotes", "no"),
        (("interval: 5", "interval: 0x5"), "interval has to be a whole number", "write a number", "0x5"),
        (("[develop, main]", "main"), "protect.branches has to be a list", "[main]", "main"),
        (("cpu: 1 vCPU", "cpu: 1024"), "service.cpu has to be one of", 'write "1024"', "1024"),
        (("cpu: 1 vCPU", "cpu: 1vCPU"), "service.cpu has to be one of", "did you mean 1 vCPU?", "1vCPU"),
        (("memory: 2 GB", "memory: 4 GB\n  memry: 1"), "there is no key memry", "did you mean memory?", "memry"),
        (
            ("on_unhealthy: rollback", "on_unhealthy: rolback"),
            "one of: rollback, hold",
            "did you mean rollback?",
            "rol",
        ),
        (("target: apprunner", "target: lambda"), "service.target has to be one of: apprunner", "", "lambda"),
        (("  cpu: 1 vCPU", "  cpu: 0.25 vCPU"), "does not offer this memory", "change service.memory", "2 GB"),
        (("min: 1, max: 25", "min: 9, max: 3"), "max is below service.scaling.min", "write a larger max", "3"),
        (
            (
                "instance: CustomAppRunnerInstanceRole, managed: false",
                "instance: CustomAppRunnerServiceRole, managed: true",
            ),
            "access and instance are the same role",
            "name two roles",
            "CustomAppRunnerServiceRole",
        ),
        (
            ("  port: 8001", "  port: 8001\n  network: {ingress: private}"),
            "this service would be private",
            "write `ingress: public`",
            "private",
        ),
        (
            ("  port: 8001", f"  port: 8001\n  network: {{egress: {{vpc_connector: {CONNECTOR}}}}}"),
            "service.network.egress.vpc_connector is in eu-west-1, not in us-west-2",
            "correct aws.region",
            CONNECTOR[:40],
        ),
        (
            ("  port: 8001", f"  port: 8001\n  network: {{egress: {{vpc_connector: {ELSEWHERE}}}}}"),
            "service.network.egress.vpc_connector is in account 210987654321, not in 123456789012",
            "aws.account",
            ELSEWHERE[:40],
        ),
        (
            ("  port: 8001", "  port: 8001\n  observability: {}"),
            "service.observability needs a configuration",
            "list-observability-configurations",
            "{}",
        ),
        (
            ("  port: 8001", f"  port: 8001\n  observability: {{enabled: false, configuration: {TRACES}}}"),
            "service.observability names a configuration, and is not enabled",
            "delete the configuration",
            TRACES[:40],
        ),
        (
            ("  port: 8001", "  port: 8001\n  encryption: {kms_key: alias/mine}"),
            "service.encryption.kms_key has to be aws-managed, or the ARN of a KMS key",
            "write it like",
            "alias/mine",
        ),
        (
            ("  port: 8001", "  port: 8001\n  command: run --token EAA" + "a1" * 20),
            "this command holds what looks like",
            "read it from its environment",
            "run",
        ),
        (
            ("  port: 8001", "  port: 8001\n  command: sh -c 'run"),
            "this command cannot be split into words",
            "close what is quoted",
            "sh",
        ),
        (
            ("role: ansari-whatsapp-staging-github-actions", "role: CustomAppRunnerServiceRole"),
            "the role that deploys is one of the service's own",
            "name another role",
            "CustomAppRunnerServiceRole",
        ),
        (
            ("  repository: ansari-project/ansari-whatsapp", ""),
            "github.repository is missing",
            "add `repository: ansari-project/ansari-whatsapp`",
            "github",
        ),
        (
            ("  credentials: {kind: oidc, role: ansari-whatsapp-staging-github-actions, managed: true}", ""),
            "github.credentials is missing",
            "add `credentials:` and its keys below it",
            "github",
        ),
        (("{kind: oidc, role", "{role"), "github.credentials.kind is missing", "`kind: oidc` or `kind: keys`", "cred"),
        (("kind: oidc", "kind: oicd"), "credentials.kind has to be one of: oidc, keys", "did you mean oidc?", "oicd"),
        (
            (" role: ansari-whatsapp-staging-github-actions,", ""),
            "github.credentials.role is missing",
            "add `role: ansari-whatsapp-staging-github-actions`",
            "credentials",
        ),
        (("role: ansari-", "role: /ansari-"), "credentials.role has to be the name of an IAM role", "like ansari", "/"),
        (("oidc, role: ansari", "keys, user: /ansari"), "credentials.user has to be the name of an IAM user", "", "/"),
        (("managed: true}", "manged: true}"), "no key manged in github.credentials", "did you mean managed?", "manged"),
        (
            ("managed: true}", "user: deployer}"),
            "github.credentials of this kind has no `user`",
            "delete `user`, or change the kind",
            "user",
        ),
        (("  branch: develop", "  branch: develop\n  ids: {owner: 1}"), "ids.repository is missing", "567890", "ids"),
        (("ansari-staging-whatsapp", "abc"), "service.name has to be 4 to 40 letters", "write it like", "abc"),
        (("path: /,", "path: health,"), "path has to be a path that starts with '/'", "write it like /", "health"),
        (
            ("logging-level: {kind: literal, value: DEBUG}", "logging-level: DEBUG"),
            "needs a kind",
            "{kind:",
            "D",
        ),
        (("kind: literal, value: DEBUG", "value: DEBUG"), "logging-level.kind is missing", "add `kind:", "logging"),
        (("kind: literal, value: DEBUG", "kind: literal"), "logging-level.value is missing", "add `value:", "logging"),
        (("value: DEBUG", "value: [DEBUG]"), "has to be text, true, false or a whole number", "quotes", "[***]"),
        (("value: DEBUG", "vlaue: DEBUG"), "no such key in a variable", "did you mean value?", "vlaue"),
        (("value: DEBUG", "value: DEBUG, zone: a"), "no such key in a variable", "the keys of a literal are", "zone"),
        (("value: DEBUG", "value: DEBUG, generate: 32"), "a literal has no `generate`", "change the kind", "generate"),
        (("generate: 32", "store: service"), "a secret has no `store`", "delete `store`", "store"),
        (("generate: 32", "generate: 15"), "generate has to be at least 16", "larger", "15"),
        (("generate: 32", "generate: 65"), "generate has to be at most 64", "smaller", "65"),
        (
            ("generate: 32", "source: local-world"),
            "`source` is for the local world only",
            "just secret set staging",
            "lo",
        ),
        (("  origins:", "  port:"), "variables.port cannot be the name", "choose another name", "port"),
        (("  origins:", "  ORIGINS:"), "variables.ORIGINS cannot be the name", "did you mean origins?", "ORIGINS"),
        (("  origins:", "  -Origins_:"), "variables.-Origins_ cannot be", "did you mean origins?", "-Origins_"),
        (("environment: staging", "environment: production"), "differs from the name of this file", "rename", "prod"),
        (("/app-runtime/ansari-whatsapp/staging", "/staging"), "has to be a path of 2 to 14 levels", "like", "/stag"),
        (("/app-runtime/ansari", "/AWS-runtime/ansari"), "not begin with aws or ssm", "write it like", "/AWS"),
        (
            ("/app-runtime/ansari", "/app-deployer/ansari"),
            "/app-deployer is the deployer's own",
            "another path",
            "/app",
        ),
        (("main], clean", "main], healthy_in: staging, clean"), "cannot wait for itself", "comes before", "staging,"),
        (("value: DEBUG", 'value: "{{x}}"'), "a parameter cannot hold '{{'", "store: service", '"{{'),
        (("value: DEBUG", 'value: ""'), "a parameter cannot be empty", "store: service", '""'),
        (("value: DEBUG", 'value: "a\\nb", store: service'), "holds one line", "store: parameter", '"a'),
        (("value: DEBUG", f"value: {'x' * 4097}"), "more than 4096 bytes", "", "xxx"),
        (("generate: 32", f"description: {'x' * 1025}"), "at most 1024 characters", "shorten", "xxx"),
        (("  origins:", f"  {'a' * 960}:"), "an ARN of more than 1011 characters", "choose a shorter name", "aaa"),
    ],
)
def test_one_mistake_gives_one_problem_on_its_place(
    refused: Refused, edit: tuple[str, str], what: str, fix: str, under: str
) -> None:
    (problem,) = refused(edit)

    assert what in problem.what
    assert fix in problem.fix
    assert problem.source[problem.caret :].startswith((under, "***"))


@pytest.mark.parametrize("group", ["aws", "image", "protect", "github"])
def test_an_empty_group_is_told_on_its_own_line(refused_text: RefusedText, group: str) -> None:
    (problem,) = refused_text(re.sub(rf"(?m)^{group}:.*\n(  .*\n)*", f"{group}:\n", STAGING))

    assert problem.what == f"{group} is empty"
    assert (problem.source, problem.caret) == (f"{group}:", 0)


def test_a_word_in_the_place_of_a_group_is_not_shown(refused_text: RefusedText) -> None:
    text = re.sub(r"(?m)^  credentials:.*$", "  credentials: hunter2", STAGING)
    (problem,) = refused_text(text)

    assert problem.what == "github.credentials has to be a group of keys"
    assert problem.source == "  credentials: ***"


def test_a_misspelt_key_is_not_told_as_missing_too(refused: Refused) -> None:
    (problem,) = refused(("  port: 8001", "  prot: 8001"))

    assert problem.fix == "did you mean port?"


def test_a_missing_section_says_so(refused_text: RefusedText) -> None:
    problems = refused_text("app: ansari-whatsapp\nenvironment: staging\n")

    assert [problem.what for problem in problems] == [
        f"{section} is missing" for section in ("aws", "image", "service", "protect", "variables")
    ]


def test_an_empty_variables_section_is_refused(refused_text: RefusedText) -> None:
    assert "variables is empty" in {problem.what for problem in refused_text("variables: {}\n")}
    assert "variables is empty" in {problem.what for problem in refused_text("variables:\n")}


def test_every_duplicate_is_told(refused: Refused) -> None:
    problems = refused(
        ("keep: 30", "keep: 30\n  keep: 31"),
        ("value: DEBUG", "value: DEBUG, value: INFO, value: WARN"),
        ("  origins:", "  logging-level: {kind: literal, value: INFO}\n  origins:"),
        ("app: ansari-whatsapp\n", "app: ansari-whatsapp\napp: other\n"),
    )

    assert [problem.what for problem in problems] == ["this key is repeated"] * 5
    assert "line" in problems[0].why


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (("aws:\n", "aws: &here\n"), "an anchor (&) is not allowed here"),
        (("keep: 30", "keep: &here 30"), "an anchor (&) is not allowed here"),
        (("keep: 30", "keep: !!int 30"), "a tag (!) is not allowed here"),
        (("value: DEBUG", "value: !ENV x"), "a tag (!) is not allowed here"),
        (("generate: 32", "<<: {generate: 32}"), "a merge key (<<) is not allowed here"),
        (("app: ansari", "? {a: b}\n: c\napp: ansari"), "a key has to be a single word"),
        (("app: ansari", "%YAML 1.2\n---\napp: ansari"), "a YAML directive (%) is not allowed here"),
        (("generate: 32", 'description: "a\\0b"'), "an escape here makes a character that cannot be seen: U+0000"),
        (("generate: 32", 'description: "\\ud800"'), "an escape here makes a character that cannot be seen"),
    ],
)
def test_what_a_file_that_stands_alone_does_not_need(refused: Refused, edit: tuple[str, str], what: str) -> None:
    problems = refused(edit)

    assert [problem.what for problem in problems] == [what]


def test_an_alias_and_its_anchor_are_both_told(refused: Refused) -> None:
    problems = refused(("keep: 30", "keep: &n 30"), ("port: 8001", "port: *n"))

    assert [problem.what for problem in problems] == [
        "an anchor (&) is not allowed here",
        "an alias (*) is not allowed here",
    ]


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("", "this file is empty", 1),
        ("# only a comment\n", "this file is empty", 1),
        ("---\n...\n", "this file is empty", 2),
        ("hello", "a manifest has to be a group of keys", 1),
        ("- a\n- b\n", "a manifest has to be a group of keys", 1),
        (b"app: \xff\n", "this file is not UTF-8 text", 1),
        ("app: ansari\n".encode("utf-16"), "this file is not UTF-8 text", 1),
        (b"app: a\n# \xc3\xa4 \xe4\n", "this file is not UTF-8 text", 2),
        ("[" * 40, "this is nested too deeply", 1),
        ("[" * 100_000, "this is nested too deeply", 1),
        ("- " * 40, "this is nested too deeply", 1),
    ],
)
def test_what_is_no_manifest_at_all(refused_text: RefusedText, text: str | bytes, what: str, line: int) -> None:
    (problem,) = refused_text(text)

    assert (problem.what, problem.line) == (what, line)


def test_a_second_document_is_refused(read: Callable[..., LoadedManifest]) -> None:
    text = read().text
    with pytest.raises(InvalidManifest) as refusal:
        parse(f"{text}\n---\n{text}".encode(), Path("env/staging.yaml"))

    (problem,) = refusal.value.problems
    assert problem.what == "a second document starts here"
    assert problem.line == text.count("\n") + 2


def test_characters_nobody_can_see(refused: Refused) -> None:
    problems = refused(("app: a", "app: \x00a"), ("keep: 30", "keep: 30 # \u202e"), ("value: DEBUG", "value: D\u200bG"))

    unseen = [problem for problem in problems if "cannot be seen" in problem.what]
    assert [problem.what[-6:] for problem in unseen] == ["U+0000", "U+202E", "U+200B"]
    assert {problem.fix for problem in unseen} == {"delete it"}


def test_a_byte_order_mark_is_refused(read: Callable[..., LoadedManifest]) -> None:
    with pytest.raises(InvalidManifest) as refusal:
        parse(b"\xef\xbb\xbf" + read().text.encode(), Path("env/staging.yaml"))

    [problem] = refusal.value.problems
    assert problem.what == "the file starts with a byte order mark"
    assert problem.fix == "save it as UTF-8 without BOM"


def test_a_file_that_no_system_call_takes_is_refused_with_its_reason() -> None:
    with pytest.raises(InvalidManifest) as refusal:
        load_manifest(Path("env/st\0aging.yaml"))

    [problem] = refusal.value.problems
    assert (problem.what, problem.why) == ("this file cannot be read", "ValueError")


def test_every_tab_in_the_indentation_is_told(refused: Refused) -> None:
    problems = refused(
        ("  name: ansari", "\tname: ansari"), ("  repository: ansari-whatsapp", " \trepository: ansari-whatsapp")
    )

    assert [problem.what for problem in problems] == ["a tab indents this line"] * 2
    assert [problem.col for problem in problems] == [2, 1]


def test_windows_line_ends_are_fine(read: Callable[..., LoadedManifest]) -> None:
    text = read().text
    loaded = parse(text.replace("\n", "\r\n").encode(), Path("env/staging.yaml"))

    assert loaded.manifest == read().manifest
    assert loaded.where("variables", "origins") == read().where("variables", "origins")


@pytest.mark.parametrize(
    ("edit", "what", "fix"),
    [
        (("value: DEBUG}", "value: DEBUG"), "this is never closed", "add the closing quote or bracket"),
        (("literal, value: DEBUG", "literal value: DEBUG"), "a ',' or a closing bracket is missing", "check the brack"),
        (("  port: 8001", "   port: 8001"), "a ':' is not expected here", "check the indentation, or quote"),
        (("  port: 8001", " port: 8001"), "the indentation does not fit", "align this line"),
        (("  keep: 30", "  keep 30"), "this line has no ':'", "write it as `key: value`"),
        (
            ('"https://graph.facebook.com"', '"https://graph.facebook.com'),
            "this is never closed",
            "add the closing quote",
        ),
        (("keep: 30", "keep: @30"), "a value cannot start with this character", "put the value in quotes"),
        (('"123456789012"', '"\\q"'), "a backslash in double quotes", "use single quotes"),
        (("variables:\n", "...\nvariables:\n"), "there is text after the end of the document", "delete it"),
    ],
)
def test_broken_yaml_is_told_in_plain_words_beside_what_came_before(
    refused: Refused, edit: tuple[str, str], what: str, fix: str
) -> None:
    problems = refused(edit, ("environment: staging", "environment: Staging"))

    assert problems[0].what == "environment has to be a name in small letters, joined by '-'"
    broken = [problem for problem in problems if problem.why == "this is not valid YAML"]
    assert len(broken) == 1
    assert what in broken[0].what
    assert broken[0].fix.startswith(fix) or broken[0].fix.endswith(fix)
    assert not any("missing" in problem.what for problem in problems if problem not in broken)


def test_a_bracket_that_is_never_closed_is_told_where_it_opens(refused: Refused) -> None:
    (problem,) = refused(("roles: {access", "roles: [access"))

    assert "closing bracket" in problem.what or problem.what == "this is never closed"


def test_files_that_are_none(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    large = tmp_path / "large.yaml"
    large.write_bytes(b"# " + b"x" * (1024 * 1024))
    for path, what in [
        (tmp_path / "none.yaml", "there is no such file"),
        (tmp_path, "this is a directory, not a manifest"),
        (tmp_path / "none.yaml" / "x", "there is no such file"),
        (pipe, "this is not an ordinary file"),
        (large, "this file is larger than 1 MiB"),
        (Path("a\0b"), "this file cannot be read"),
    ]:
        with pytest.raises(InvalidManifest) as refusal:
            load_manifest(path)
        (problem,) = refusal.value.problems
        assert problem.what == what
        assert problem.file == str(path)


def test_the_error_is_an_invalid_manifest_of_exit_code_3(refused: Refused) -> None:
    error = InvalidManifest(refused(("port: 8001", 'port: "8001"'), ("keep: 30", "kep: 30")))

    assert isinstance(error, errors.InvalidManifest)
    assert error.exit_code == 3
    assert error.what == "env/staging.yaml: 2 problems"
    line = error.problems[1].line
    assert f"""\
env/staging.yaml:{line}:9: service.port has to be a whole number
  {line} |   port: "8001"
     |         ^
  fix: take the quotes away""" in str(error)


def test_the_caret_is_below_what_it_means(refused: Refused) -> None:
    (problem,) = refused(
        ("value: DEBUG", f"value: DEBUG, description: EAA{'x' * 30}, description: x, store: nowhere, vlaue: 7")
    )[-1:]

    lines = str(problem).splitlines()
    assert lines[1][lines[2].index("^") :].startswith("vlaue: ***")


def test_a_long_line_is_cut_around_the_caret(refused: Refused) -> None:
    (problem,) = refused(("value: DEBUG", f"value: {'a b ' * 200}, vlaue: 1"))

    assert len(problem.source) <= 120
    assert problem.source[problem.caret :].startswith("vlaue")


def test_a_later_stage_can_point_at_a_line(read: Callable[..., LoadedManifest]) -> None:
    loaded = read()

    shown = loaded.problem("variables", "origins", what="wrong", why="so", fix="better")
    hidden = loaded.problem("variables", "origins", what="wrong", hide={"origins"})

    assert (shown.line, shown.col) == loaded.where("variables", "origins")
    assert 'origins: {kind: literal, value: "https' in shown.source
    assert "origins: {kind: literal, value: ***}" in hidden.source
    assert Position(hidden.line, hidden.col) == loaded.where("variables", "origins")


@pytest.mark.parametrize("change", ["gone", "renamed", "x", "", 7, -1, True, None, ["x"], [], {"x": "y"}, {}])
def test_whatever_stands_at_a_key_is_taken_or_told_with_what_to_do(change: object) -> None:
    whole = tree.data(syntax.parse(STAGING).root)
    whole["github"]["ids"] = {"owner": 1, "repository": 2}
    whole["protect"]["healthy_in"] = "local"
    whole["variables"] = {name: whole["variables"][name] for name in ("origins", "meta-webhook-verify-token")}
    for path in list(_keys(whole)):
        copy = json.loads(json.dumps(whole))
        around = copy
        for step in path[:-1]:
            around = around[step]
        value = around.pop(path[-1])
        if change == "renamed":
            around[f"{path[-1]}x"] = value
        elif change != "gone":
            around[path[-1]] = change
        try:
            parse(json.dumps(copy).encode(), WHERE)
        except InvalidManifest as refusal:
            untold = [problem for problem in refusal.problems if not problem.fix]
            if untold or not refusal.problems:
                pytest.fail(f"{path}: {refusal}")


def _keys(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(group, dict):
        for key, value in group.items():
            yield (*path, key)
            yield from _keys(value, (*path, key))


WORDS = st.sampled_from(
    (
        *("0123", "0x1F", "1_0", "1:30", "1.5", "1e3", ".inf", "+1", "2024-01-01", "2024-01-01 10:00", "yes", "Off"),
        *("~", "null", "", "=", "true", "7", "123456789012345678", "'x'", '"x"', '"a\\0b"', "&a x", "*a", "!t x", "x"),
        *("[main]", "{a: b}", "staging", "develop", "1 vCPU", "0.5 GB", "local-world", "AKIA" + "IOSFODNN7EXAMPLE"),
    )
)


@given(st.integers(0, 400), WORDS)
@settings(max_examples=200)
def test_what_is_taken_has_nothing_to_be_explained(where: int, word: str) -> None:
    """A good file is recognised without the explanations, so these must have nothing to say of it."""
    path = sample_path("staging")
    text = path.read_text()
    words = list(re.finditer(r"(?<=: )[^\s{},#]+|[a-z-]+(?=: )", text))
    chosen = words[where % len(words)]
    changed = text[: chosen.start()] + word + text[chosen.end() :]
    try:
        parse(changed.encode(), path)
    except InvalidManifest as refusal:
        found = refusal.problems
    else:
        read = syntax.parse(changed)
        found = explain_problems(path, changed, [], read, tree.data(read.root), None, ())
        assert found == ()
    assert all(problem.what for problem in found)


def test_reading_a_manifest_needs_no_network_library() -> None:
    code = (
        "import sys, deployer.manifest.load, deployer.manifest.contract, deployer.manifest.schema;"
        "print(sorted({'boto3', 'botocore', 'httpx', 'sanic', 'aiohttp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
