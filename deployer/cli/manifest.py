"""The verbs of the manifest itself: check, adopt, set, add, remove, export, schema."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from deployer.cli.command import Options, Parser, Verb, as_json, file, loaded, names_environment
from deployer.cli.terminal import out
from deployer.errors import UsageError
from deployer.view.progress import write, write_data


def _check_options(parser: Parser) -> None:
    parser.add_argument("environments", nargs="*", metavar="ENV", help="names or files; all of env/ when left out")
    as_json(parser, "check")


def _check(options: Options) -> int:
    from deployer.manifest.problem import InvalidManifest
    from deployer.project import find_root, manifest_path
    from deployer.verbs.check import check, refused_json

    paths = [manifest_path(name) for name in options.environments]
    if not paths:
        names = sorted(path.stem for path in (find_root(Path.cwd()) / "env").glob("*.yaml"))
        paths = [manifest_path(name) for name in names]
    try:
        out(check(paths, as_json=options.json))
    except InvalidManifest as invalid:
        if not options.json:
            raise
        out(refused_json(invalid.problems))
        return invalid.exit_code
    return 0


def _adopt_options(parser: Parser) -> None:
    parser.add_argument("environment", metavar="ENV", help="the new environment's name; env/ENV.yaml is written")
    parser.add_argument("--service", metavar="NAME", required=True, help="the service that exists")
    parser.add_argument("--parameter-path", metavar="PATH", help="where its parameters are; asked of it if left out")
    parser.add_argument("--app", metavar="NAME", help="the app's name; that of deployer.yaml when left out")
    parser.add_argument("--region", default="us-west-2", help="us-west-2 when left out")
    parser.add_argument("--endpoint", metavar="URL", help="the local AWS; the real one when left out")
    parser.add_argument(
        "--literal",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="the value of a setting that the service lacks, or that replaces its value; may be repeated",
    )
    as_json(parser, "adopt")


def _adopt(options: Options) -> int:
    from deployer.verbs.adopt import Wanted, adopt, show

    wanted = Wanted(
        app=options.app or _app(),
        environment=options.environment,
        service=options.service,
        region=options.region,
        endpoint=options.endpoint,
        parameter_path=options.parameter_path,
        literals=dict(map(_literal, options.literal)),
    )
    out(show(adopt(wanted), as_json=options.json))
    return 0


def _app() -> str:
    from deployer.apps.project_file import read_app
    from deployer.project import PROJECT_FILE, find_root

    app = read_app(find_root(Path.cwd())).app
    if app is None:
        raise UsageError(f"{PROJECT_FILE} names no app", fix="name it: --app NAME, or `app: NAME` there")
    return app


def _literal(given: str) -> tuple[str, str]:
    from deployer import names

    name, equals, value = given.partition("=")
    name = name if names.why_not_a_variable(name) else names.parameter(name)
    why = names.why_not_a_name(name) or names.why_reserved(name.upper().replace("-", "_"))
    if not equals or why:
        raise UsageError("--literal takes NAME=VALUE", why=why or "", fix="write it like --literal logging-level=INFO")
    return name, value


def _set_options(parser: Parser) -> None:
    _variable(parser)
    parser.add_argument("value", metavar="VALUE", type=str, help="its new value, as the manifest would hold it")
    as_json(parser, "edit")


def _set(options: Options) -> int:
    from deployer.project import manifest_path
    from deployer.verbs import edit

    path = manifest_path(options.environment)
    edited = edit.set_value(path, options.name, options.value)
    out(edit.show(edited, path.stem, as_json=options.json))
    return 0


def _add_options(parser: Parser) -> None:
    _variable(parser)
    parser.add_argument("value", metavar="VALUE", nargs="?", help="of a literal; a secret's value is never given here")
    parser.add_argument("--secret", action="store_true", help="a secret instead of a literal")
    parser.add_argument("--generate", metavar="BYTES", type=int, help="a secret that is made of as many random bytes")
    parser.add_argument("--description", metavar="TEXT", help="what it is, or where it comes from")
    parser.add_argument(
        "--store", choices=("parameter", "service"), help="where a literal is kept; parameter if left out"
    )
    parser.add_argument("--extra", action="store_true", help="a variable that the service has no setting for")
    as_json(parser, "edit")


def _add(options: Options) -> int:
    from deployer.manifest import edit as entry
    from deployer.project import manifest_path
    from deployer.verbs import edit

    secret = options.secret or options.generate is not None
    if secret == (options.value is not None):
        wrong = "a manifest never holds a secret's value" if secret else "a literal needs a value"
        raise UsageError(wrong, fix="just add ENV NAME VALUE, or: just add ENV NAME --secret")
    if secret and options.store:
        raise UsageError("--store belongs to a literal", fix="leave it out: every secret is kept in SSM")
    path = manifest_path(options.environment)
    about: dict[str, Any] = {"description": options.description, "extra": options.extra}
    if secret:
        text = entry.secret(generate=options.generate, **about)
    else:
        text = entry.literal(options.value, store=options.store, **about)
    out(edit.show(edit.add(path, options.name, text, options.value), path.stem, as_json=options.json))
    return 0


def _remove_options(parser: Parser) -> None:
    _variable(parser)
    as_json(parser, "edit")


def _remove(options: Options) -> int:
    from deployer.project import manifest_path
    from deployer.verbs import edit

    path = manifest_path(options.environment)
    out(edit.show(edit.remove(path, options.name), path.stem, as_json=options.json))
    return 0


def _variable(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("name", metavar="NAME", help="such as logging-level, or LOGGING_LEVEL")


def _export_options(parser: Parser) -> None:
    names_environment(parser)
    formats = ("dotenv", "docker", "compose", "shell", "json", "github", "github-env")
    parser.add_argument("--format", choices=formats, default="dotenv", help="dotenv (for python-dotenv) when left out")
    parser.add_argument("--secrets", action="store_true", help="with the secrets of SSM, into the file of --out")
    parser.add_argument("--out", metavar="FILE", type=file, help="a file that only you may read")


def _export(options: Options) -> int:
    from deployer.verbs.export import export, export_with_secrets

    if options.secrets != (options.out is not None):
        wrong = "secrets are written to a file only" if options.secrets else "--out belongs to --secrets"
        raise UsageError(wrong, fix="give both --secrets and --out FILE, or neither")
    manifest = loaded(options)
    if options.secrets:
        out(export_with_secrets(manifest, options.format, options.out))
    else:
        write_data(export(manifest, options.format) + "\n", sys.stdout)
    return 0


def _schema_options(parser: Parser) -> None:
    parser.add_argument("of", metavar="KIND", nargs="?", default="manifest", help="manifest when left out")
    parser.add_argument("--markdown", action="store_true", help="the manifest's keys as a page to read")


def _schema(options: Options) -> int:
    from deployer.verbs.schema import KINDS, page, schema

    if options.of not in KINDS:
        raise UsageError("no schema has this name", fix=f"use one of: {', '.join(KINDS)}")
    write(page(options.of) if options.markdown else schema(options.of), sys.stdout)
    return 0


VERBS = {
    "check": Verb("read manifests and report every problem", _check_options, _check),
    "adopt": Verb("write the manifest of a service that was made by hand", _adopt_options, _adopt),
    "set": Verb("give a literal of a manifest another value", _set_options, _set),
    "add": Verb("add a variable to a manifest", _add_options, _add),
    "remove": Verb("remove a variable from a manifest", _remove_options, _remove),
    "export": Verb("print the variables of an environment for other tools", _export_options, _export),
    "schema": Verb("print the JSON Schema of a manifest, or of what a verb prints as JSON", _schema_options, _schema),
}
