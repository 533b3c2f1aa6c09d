"""The command tree: a verb maps to one function. stdout carries data, stderr progress."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from deployer.errors import UsageError
from deployer.view.progress import Reporter

# A verb's modules are imported in its function: `deployer check` must not pay for AWS.


class _Parser(argparse.ArgumentParser):
    """argparse exits with 2 on bad usage; here 2 means "changes pending"."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", fix=f"{self.prog} --help")


def parser() -> _Parser:
    """The whole command line."""
    top = _Parser(prog="deployer", description="Keep AWS equal to one manifest per environment.")
    verbs = top.add_subparsers(metavar="VERB", required=True)

    check = _verb(verbs, "check", _check, "read manifests and report every problem")
    check.add_argument("environments", nargs="*", metavar="ENV", help="names or files; all of env/ when left out")
    check.add_argument("--json", action="store_true", help="for programs")

    plan = _verb(verbs, "plan", _plan, "show what a reconcile would do, and why")
    reconcile = _verb(verbs, "reconcile", _reconcile, "make AWS equal to the manifest")
    for verb in (plan, reconcile):
        verb.add_argument("environment", metavar="ENV", help="such as local, staging, or a manifest's path")
        verb.add_argument("--image", metavar="TAG", help="an image tag in ECR; the current commit when left out")
        verb.add_argument("--json", action="store_true", help="for programs")
    plan.add_argument("--detailed-exitcode", action="store_true", help="exit 2 when there is something to do")

    secret = verbs.add_parser("secret", help="set a secret").add_subparsers(metavar="VERB", required=True)
    put = _verb(secret, "set", _secret_set, "write a secret from a prompt or from standard input")
    put.add_argument("environment", metavar="ENV")
    put.add_argument("name", metavar="NAME", help="as in the manifest, such as meta-app-secret")

    local = verbs.add_parser("local", help="the local world").add_subparsers(metavar="VERB", required=True)
    for name, text in {
        "up": "start it without deploying",
        "down": "stop everything it started",
        "status": "say whether it runs, as JSON",
        "env": "print the variables that point any AWS client at it",
    }.items():
        verb = _verb(local, name, _local, text)
        verb.set_defaults(local=name)
        verb.add_argument("environment", metavar="ENV", nargs="?", default="local")
    say = _verb(verbs, "say", _say, "send a text as a WhatsApp user and print the answer")
    say.add_argument("environment", metavar="ENV")
    say.add_argument("text", metavar="TEXT", nargs="+")
    say.add_argument("--from", dest="user", default="15551230000", metavar="NUMBER", help="the user's number")

    schema = _verb(verbs, "schema", _schema, "print the manifest's JSON Schema")
    schema.set_defaults(json=True)
    return top


_Verbs: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001 -- argparse gives it no other name


def _verb(verbs: _Verbs, name: str, run: Callable[[argparse.Namespace], int], text: str) -> _Parser:
    verb = verbs.add_parser(name, help=text, description=text)
    verb.set_defaults(run=run)
    return verb


def _check(options: argparse.Namespace) -> int:
    from deployer.manifest.problem import InvalidManifest, to_json
    from deployer.project import find_root, manifest_path
    from deployer.verbs.check import check

    paths = [manifest_path(name) for name in options.environments]
    if not paths:
        names = sorted(path.stem for path in (find_root(Path.cwd()) / "env").glob("*.yaml"))
        paths = [manifest_path(name) for name in names]
    try:
        _out(check(paths, as_json=options.json))
    except InvalidManifest as invalid:
        if not options.json:
            raise
        _out(to_json(invalid.problems))
        return invalid.exit_code
    return 0


def _schema(_: argparse.Namespace) -> int:
    from deployer.verbs.schema import schema

    sys.stdout.write(schema())
    return 0


def _plan(options: argparse.Namespace) -> int:
    from deployer.verbs import plan as verb
    from deployer.verbs.environment import open_environment

    environment = open_environment(options.environment, Reporter(sys.stderr), image=options.image)
    plan = verb.make_plan(environment)
    _out(verb.show(environment, plan, as_json=options.json, colour=_colour(sys.stdout)))
    verb.refuse_blocked(plan)
    return 2 if options.detailed_exitcode and not plan.empty else 0


def _reconcile(options: argparse.Namespace) -> int:
    from deployer.verbs import plan as planning
    from deployer.verbs import reconcile as verb
    from deployer.verbs.environment import open_environment

    environment = open_environment(options.environment, Reporter(sys.stderr), image=options.image)
    plan = planning.make_plan(environment)
    shown = sys.stderr if options.json else sys.stdout
    print(planning.show(environment, plan, as_json=False, colour=_colour(shown)), file=shown, flush=True)
    ask = _ask if sys.stdin.isatty() else None
    outcome = verb.apply(environment, plan, ask=ask)
    just = os.environ.get("DEPLOYER_JUST", "just")
    _out(verb.show(environment, outcome, as_json=options.json, just=just))
    return 0


def _secret_set(options: argparse.Namespace) -> int:
    from deployer.manifest.load import load
    from deployer.project import manifest_path
    from deployer.verbs.secret import put

    def read(prompt: str) -> str:
        return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.read()

    _out(put(load(manifest_path(options.environment)), options.name, read))
    return 0


def _local(options: argparse.Namespace) -> int:
    from deployer.local.settings import world_settings
    from deployer.manifest.load import load
    from deployer.project import manifest_path
    from deployer.verbs import local

    settings = world_settings(load(manifest_path(options.environment)))
    verb = {"up": local.up, "down": local.down, "status": local.status, "env": local.env}[options.local]
    _out(verb(settings))
    return 0


def _say(options: argparse.Namespace) -> int:
    from deployer.local.settings import world_settings
    from deployer.manifest.load import load
    from deployer.project import manifest_path
    from deployer.verbs.say import say

    settings = world_settings(load(manifest_path(options.environment)))
    _out(say(settings, " ".join(options.text), options.user))
    return 0


def _ask(question: str) -> str:
    """A question on stderr: stdout carries data only."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def _out(text: str) -> None:
    if text:
        sys.stdout.write(text.rstrip("\n") + "\n")


def _colour(stream: object) -> bool:
    return bool(getattr(stream, "isatty", bool)()) and not os.environ.get("NO_COLOR")


def run(arguments: Sequence[str]) -> int:
    """Parse and run one verb; returns its exit code. Raises DeployerError."""
    options = parser().parse_args(arguments)
    code: int = options.run(options)
    return code
