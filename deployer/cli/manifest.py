"""The verbs of the manifest itself: check, costs, adopt, set, add, remove, export, schema."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deployer.cli.command import Options, Parser, Verb, accepts_json, file, names_environment
from deployer.cli.terminal import out
from deployer.errors import UsageError
from deployer.view.progress import write, write_data

if TYPE_CHECKING:
    from deployer.view.documents.edit import EditDocument


def _check_options(parser: Parser) -> None:
    parser.add_argument("environments", nargs="*", metavar="ENV", help="names or files; all of env/ when left out")
    accepts_json(parser, "check")


def _check(options: Options) -> int:
    from deployer.manifest.problem import InvalidManifest
    from deployer.verbs.check import CheckOptions, check_manifests

    try:
        checked = check_manifests(CheckOptions(environments=tuple(options.environments)))
    except InvalidManifest as invalid:
        if not options.json:
            raise
        from deployer.view.check_json import problems_json

        out(problems_json(invalid.problems))
        return invalid.exit_code
    if options.json:  # the document's types take some time to build
        from deployer.view.check_json import checked_json

        out(checked_json(checked.manifests))
    else:
        from deployer.view.check_text import render_checked

        out(render_checked(checked.manifests))
    return 0


def _costs_options(parser: Parser) -> None:
    names_environment(parser)
    accepts_json(parser, "costs")


def _costs(options: Options) -> int:
    from deployer.verbs.costs import CostsOptions, calculate_costs
    from deployer.view.costs_text import render_costs
    from deployer.view.json_text import as_json

    costs = calculate_costs(CostsOptions(environment=options.environment))
    out(as_json(costs) if options.json else render_costs(costs))
    return 0


def _adopt_options(parser: Parser) -> None:
    parser.add_argument("environment", metavar="ENV", help="the new environment's name; env/ENV.yaml is written")
    parser.add_argument("--service", metavar="NAME", required=True, help="the service that exists")
    parser.add_argument("--target", metavar="NAME", help="the platform that it runs on, as service.target")
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
    accepts_json(parser, "adopt")


def _adopt(options: Options) -> int:
    from deployer.verbs.adopt import AdoptOptions, adopt_service
    from deployer.view.adoption_text import render_adopted
    from deployer.view.json_text import as_json

    asked = AdoptOptions(
        environment=options.environment,
        service=options.service,
        app=options.app or "",
        region=options.region,
        endpoint=options.endpoint,
        parameter_path=options.parameter_path,
        literals=dict(map(_literal, options.literal)),
        target=options.target or "",
    )
    adopted = adopt_service(asked)
    out(as_json(adopted, ensure_ascii=False) if options.json else render_adopted(adopted))
    return 0


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
    accepts_json(parser, "edit")


def _set(options: Options) -> int:
    from deployer.verbs.set import SetOptions, set_variable

    asked = SetOptions(environment=options.environment, name=options.name, value=options.value)
    return _show_edit(options, set_variable(asked))


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
    accepts_json(parser, "edit")


def _add(options: Options) -> int:
    from deployer.verbs.add import AddOptions, add_variable

    asked = AddOptions(
        environment=options.environment,
        name=options.name,
        value=options.value,
        secret=options.secret,
        generate=options.generate,
        store=options.store,
        description=options.description,
        extra=options.extra,
    )
    return _show_edit(options, add_variable(asked))


def _remove_options(parser: Parser) -> None:
    _variable(parser)
    accepts_json(parser, "edit")


def _remove(options: Options) -> int:
    from deployer.verbs.remove import RemoveOptions, remove_variable

    asked = RemoveOptions(environment=options.environment, name=options.name)
    return _show_edit(options, remove_variable(asked))


def _show_edit(options: Options, edited: EditDocument) -> int:
    from deployer.view.edit_text import edit_json, render_edit

    out(edit_json(edited) if options.json else render_edit(edited))
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
    from deployer.verbs.export import ExportOptions, export_variables
    from deployer.view.env_text import render_file

    asked = ExportOptions(
        environment=options.environment, form=options.format, secrets=options.secrets, out=options.out
    )
    exported = export_variables(asked)
    if isinstance(exported, str):
        write_data(exported + "\n", sys.stdout)
    else:
        out(render_file(exported.path, variables=exported.variables, secrets=exported.secrets))
    return 0


def _schema_options(parser: Parser) -> None:
    parser.add_argument("of", metavar="KIND", nargs="?", default="manifest", help="manifest when left out")
    parser.add_argument("--markdown", action="store_true", help="the manifest's keys as a page to read")


def _schema(options: Options) -> int:
    from deployer.verbs.schema import SchemaOptions, describe_format

    write(describe_format(SchemaOptions(kind=options.of, markdown=options.markdown)), sys.stdout)
    return 0


VERBS = {
    "check": Verb("read manifests and report every problem", _check_options, _check),
    "costs": Verb("show what each target costs each month, at least", _costs_options, _costs),
    "adopt": Verb("write the manifest of a service that was made by hand", _adopt_options, _adopt),
    "set": Verb("give a literal of a manifest another value", _set_options, _set),
    "add": Verb("add a variable to a manifest", _add_options, _add),
    "remove": Verb("remove a variable from a manifest", _remove_options, _remove),
    "export": Verb("print the variables of an environment for other tools", _export_options, _export),
    "schema": Verb("print the JSON Schema of a manifest, or of what a verb prints as JSON", _schema_options, _schema),
}
