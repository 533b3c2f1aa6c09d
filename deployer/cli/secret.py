"""The verbs of `deployer secret`. None of them deploys."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.cli.command import Group, Options, Parser, Verb, accepts_json, file, names_environment
from deployer.cli.terminal import consent, file_text, input_text, out, person, secret_value, show_secret

if TYPE_CHECKING:
    from deployer.environment.secret_parameter import WrittenSecret


def _name_options(parser: Parser) -> None:
    parser.secret = True
    names_environment(parser)
    parser.add_argument("name", metavar="NAME", help="such as meta-app-secret, or META_APP_SECRET")


def _value_options(parser: Parser) -> None:
    _name_options(parser)
    parser.add_argument("--file", metavar="FILE", type=file, help="read the value from a file")


def _set(options: Options) -> int:
    from deployer.verbs.secret.set import SetOptions, set_secret

    asked = SetOptions(environment=options.environment, name=options.name)
    return _show_written(set_secret(asked, secret_value(options.file)))


def _generate(options: Options) -> int:
    from deployer.verbs.secret.generate import GenerateOptions, generate_secret

    return _show_written(generate_secret(GenerateOptions(environment=options.environment, name=options.name)))


def _rotate(options: Options) -> int:
    from deployer.verbs.secret.rotate import RotateOptions, rotate_secret

    given = options.file is not None
    asked = RotateOptions(environment=options.environment, name=options.name, given=given)
    return _show_written(rotate_secret(asked, secret_value(options.file)))


def _show_written(written: WrittenSecret) -> int:
    from deployer.view.secrets_text import render_written

    out(render_written(written.environment, written.name, written.did, written.version))
    return 0


def _unset_options(parser: Parser) -> None:
    _name_options(parser)
    parser.add_argument("--approve", metavar="NAME", help="the name once more, where there is no terminal")


def _unset(options: Options) -> int:
    from deployer.verbs.secret.unset import UnsetOptions, delete_secret

    asked = UnsetOptions(environment=options.environment, name=options.name)
    deleted = delete_secret(asked, consent(options.approve))
    out(f"{deleted.name} is deleted.")
    return 0


def _show(options: Options) -> int:
    from deployer.verbs.secret.show import ShowOptions, reveal_secret

    asked = ShowOptions(environment=options.environment, name=options.name)
    revealed = reveal_secret(asked, person() if sys.stdout.isatty() else None)
    show_secret(revealed)
    return 0


def _list_options(parser: Parser) -> None:
    names_environment(parser)
    accepts_json(parser, "secrets")


def _list(options: Options) -> int:
    from deployer.verbs.secret.list import ListOptions, list_secrets
    from deployer.view.json_text import as_json
    from deployer.view.secrets_json import secret_document
    from deployer.view.secrets_text import render_secrets

    secrets = list_secrets(ListOptions(environment=options.environment))
    if options.json:
        out(as_json([secret_document(state) for state in secrets.states]))
    else:
        now = datetime.now(UTC)
        out(render_secrets(secrets.environment, str(secrets.manifest), secrets.states, secrets.generated, now))
    return 0


def _import_options(parser: Parser) -> None:
    parser.secret = True
    names_environment(parser)
    parser.add_argument("file", metavar="FILE", help="- is standard input")
    parser.add_argument("--check", action="store_true", help="show what would be set, and write nothing")
    accepts_json(parser, "import")


def _import(options: Options) -> int:
    from deployer.verbs.secret.import_ import ImportOptions, import_secrets
    from deployer.view.json_text import as_json
    from deployer.view.secrets_json import import_document
    from deployer.view.secrets_text import render_imported

    def read() -> str:
        return input_text() if options.file == "-" else file_text(Path(options.file))

    asked = ImportOptions(environment=options.environment, file=options.file, check=options.check)
    done = import_secrets(asked, read)
    if options.json:
        out(as_json([import_document(one, done.environment, done.manifest) for one in done.variables]))
    else:
        out(render_imported(done.environment, done.manifest, done.variables))
    return 0


SECRET = {
    "set": Verb("write a secret from a prompt, from standard input, or from a file", _value_options, _set),
    "generate": Verb("generate a secret of as many random bytes as the manifest declares", _name_options, _generate),
    "rotate": Verb("replace a secret by new random bytes, or by what is read", _value_options, _rotate),
    "unset": Verb("delete a secret", _unset_options, _unset),
    "show": Verb("show one value to the person at the terminal, after asking", _name_options, _show),
    "list": Verb("list the secrets and whether the containers hold them; no value", _list_options, _list),
    "import": Verb("set the secrets that a dotenv file gives", _import_options, _import),
}
VERBS = {"secret": Group("set, make, replace, show and list secrets; none of these verbs deploys", SECRET)}
