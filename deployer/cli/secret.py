"""The verbs of `deployer secret`. None of them deploys."""

from __future__ import annotations

import sys
from pathlib import Path

from deployer.cli.command import Group, Options, Parser, Verb, accepts_json, file, loaded, names_environment
from deployer.cli.terminal import file_text, input_text, out, person, secret_value, show_secret


def _name_options(parser: Parser) -> None:
    parser.secret = True
    names_environment(parser)
    parser.add_argument("name", metavar="NAME", help="such as meta-app-secret, or META_APP_SECRET")


def _value_options(parser: Parser) -> None:
    _name_options(parser)
    parser.add_argument("--file", metavar="FILE", type=file, help="read the value from a file")


def _set(options: Options) -> int:
    from deployer.verbs.secret.writing import put

    out(put(loaded(options), options.name, secret_value(options.file)))
    return 0


def _generate(options: Options) -> int:
    from deployer.verbs.secret.writing import generate

    out(generate(loaded(options), options.name))
    return 0


def _rotate(options: Options) -> int:
    from deployer.verbs.secret.writing import rotate

    out(rotate(loaded(options), options.name, secret_value(options.file), given=options.file is not None))
    return 0


def _unset_options(parser: Parser) -> None:
    _name_options(parser)
    parser.add_argument("--approve", metavar="NAME", help="the name once more, where there is no terminal")


def _unset(options: Options) -> int:
    from deployer.verbs.secret.writing import unset

    out(unset(loaded(options), options.name, ask=person(), approve=options.approve))
    return 0


def _show(options: Options) -> int:
    from deployer.verbs.secret.showing import reveal

    show_secret(reveal(loaded(options), options.name, person() if sys.stdout.isatty() else None))
    return 0


def _list_options(parser: Parser) -> None:
    names_environment(parser)
    accepts_json(parser, "secrets")


def _list(options: Options) -> int:
    from deployer.verbs.secret.listing import secret_list

    out(secret_list(loaded(options), as_json=options.json))
    return 0


def _import_options(parser: Parser) -> None:
    parser.secret = True
    names_environment(parser)
    parser.add_argument("file", metavar="FILE", help="- is standard input")
    parser.add_argument("--check", action="store_true", help="show what would be set, and write nothing")
    accepts_json(parser, "import")


def _import(options: Options) -> int:
    from deployer.verbs.secret.importing import secret_import, show

    manifest = loaded(options)
    text = input_text() if options.file == "-" else file_text(Path(options.file))
    done = secret_import(manifest, text, options.file, write=not options.check)
    out(show(done, manifest.manifest.environment, as_json=options.json))
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
