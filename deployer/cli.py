"""The command tree: a verb maps to one function. stdout carries data, stderr progress."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from deployer.errors import UsageError
from deployer.view.progress import Reporter, write

if TYPE_CHECKING:
    from deployer.manifest.load import Loaded
    from deployer.run.look import Planned
    from deployer.verbs.environment import Environment

LARGEST_FILE = 1024 * 1024  # bytes

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
    rollback = _verb(verbs, "rollback", _rollback, "go back to the last healthy release, or to another one")
    for verb in (plan, reconcile):
        verb.add_argument("environment", metavar="ENV", help="such as local, staging, or a manifest's path")
        verb.add_argument("--image", metavar="TAG", help="an image tag in ECR; the current commit when left out")
        verb.add_argument("--prune", action="store_true", help="delete our parameters the manifest no longer names")
    rollback.add_argument("environment", metavar="ENV", nargs="?", help="staging when left out")
    plan.add_argument("--rollback", action="store_true", help="show what a rollback would do instead")
    for verb in (plan, rollback):
        verb.add_argument("--to", metavar="N", type=int, help="the number of a release; the last healthy when left out")
        verb.add_argument("--with-secrets", action="store_true", help="bring its secrets back, too")
    for verb in (reconcile, rollback):
        verb.add_argument("--approve", metavar="ID", help="the fingerprint of the plan that was agreed to")
    for verb in (plan, reconcile, rollback):
        verb.add_argument("--json", action="store_true", help="for programs")
    plan.add_argument("--markdown", action="store_true", help="for the summary of a CI job")
    plan.add_argument("--out", metavar="FILE", type=Path, help="save the plan; it holds no secret")
    plan.add_argument("--detailed-exitcode", action="store_true", help="exit 2 when there is something to do")
    reconcile.add_argument("--plan", metavar="FILE", type=Path, help="carry out exactly this saved plan")
    reconcile.add_argument("--retry", action="store_true", help="deploy a release that failed before, unchanged")

    releases = _verb(verbs, "releases", _releases, "list what was released, newest first")
    releases.add_argument("environment", metavar="ENV")
    releases.add_argument("--all", action="store_true", help="all that the ledger holds, not only the newest twenty")
    releases.add_argument("--json", action="store_true", help="for programs")
    status = _verb(verbs, "status", _status, "say what runs, since when, whether it is well, and what waits")
    status.add_argument("environment", metavar="ENV")
    status.add_argument("--follow", action="store_true", help="first wait for the operation that is under way")
    status.add_argument("--json", action="store_true", help="for programs")
    verify = _verb(verbs, "verify", _verify, "look at everything a deployment needs, and change nothing")
    verify.add_argument("environment", metavar="ENV")
    verify.add_argument("--image", metavar="TAG", help="an image tag in ECR; the current commit when left out")
    verify.add_argument("--decrypt", action="store_true", help="read the secrets, too: would the service accept them?")
    verify.add_argument("--json", action="store_true", help="for programs")
    drift = _verb(verbs, "drift", _drift, "say what was changed outside the deployer, by whom and when")
    drift.add_argument("environment", metavar="ENV")
    diff = _verb(verbs, "diff", _diff, "say where two environments differ")
    diff.add_argument("left", metavar="ENV")
    diff.add_argument("right", metavar="ENV")
    diff.add_argument("--secrets", action="store_true", help="say also which secrets are the same; reads them")
    for verb in (drift, diff):
        verb.add_argument("--detailed-exitcode", action="store_true", help="exit 2 when there is anything to say")
        verb.add_argument("--json", action="store_true", help="for programs")
    promote = _verb(verbs, "promote", _promote, "deploy the image that is healthy in one environment to another")
    promote.add_argument("source", metavar="FROM")
    promote.add_argument("environment", metavar="TO")
    promote.add_argument("--approve", metavar="ID", help="the fingerprint of the plan that was agreed to")
    promote.add_argument("--retry", action="store_true", help="deploy a release that failed before, unchanged")
    promote.add_argument("--json", action="store_true", help="for programs")
    export = _verb(verbs, "export", _export, "print the variables of an environment for other tools")
    export.add_argument("environment", metavar="ENV")
    export.add_argument("--format", choices=("dotenv", "json", "github"), default="dotenv", help="dotenv when left out")
    export.add_argument("--secrets", action="store_true", help="with the secrets of SSM, into the file of --out")
    export.add_argument("--out", metavar="FILE", type=Path, help="a file that only you may read")
    logs = _verb(verbs, "logs", _logs, "show what the service has written; no secret is in it")
    logs.add_argument("environment", metavar="ENV")
    logs.add_argument("--since", metavar="TIME", default="15m", help="such as 90s, 15m, 2h or 3d")
    logs.add_argument("--follow", action="store_true", help="go on until it is interrupted")
    logs.add_argument("--service", action="store_true", help="what App Runner says about the service instead")
    logs.add_argument("--operation", metavar="ID", default="", help="what App Runner said during one operation")
    logs.add_argument("--json", action="store_true", help="a JSON object a line, for programs")
    unlock = _verb(verbs, "unlock", _unlock, "show and break a lock that was left behind")
    unlock.add_argument("environment", metavar="ENV")
    unlock.add_argument("--approve", metavar="ID", help="the id of the lock, where nobody is at a terminal")

    change = _verb(verbs, "set", _set, "give a literal of a manifest another value")
    add = _verb(verbs, "add", _add, "add a variable to a manifest")
    remove = _verb(verbs, "remove", _remove, "remove a variable from a manifest")
    for verb in (change, add, remove):
        verb.add_argument("environment", metavar="ENV")
        verb.add_argument("name", metavar="NAME", help="such as logging-level, or LOGGING_LEVEL")
        verb.add_argument("--json", action="store_true", help="for programs")
    change.add_argument("value", metavar="VALUE")
    add.add_argument("value", metavar="VALUE", nargs="?", help="of a literal; a secret's value never stands here")
    add.add_argument("--secret", action="store_true", help="a secret instead of a literal")
    add.add_argument("--generate", metavar="BYTES", type=int, help="a secret that is made of as many random bytes")
    add.add_argument("--description", metavar="TEXT", help="what it is, or where it comes from")
    add.add_argument("--store", choices=("parameter", "service"), help="where a literal is kept; parameter if left out")

    _add_secret(verbs)

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

    schema = _verb(verbs, "schema", _schema, "print the JSON Schema of a manifest, or of what a verb prints as JSON")
    schema.add_argument("of", metavar="KIND", nargs="?", default="manifest", help="manifest when left out")
    return top


def _add_secret(verbs: _Verbs) -> None:
    about = "set, make, replace and list secrets; none of these verbs deploys"
    secret = verbs.add_parser("secret", help=about, description=about).add_subparsers(metavar="VERB", required=True)
    put = _verb(secret, "set", _secret_set, "write a secret from a prompt, from standard input, or from a file")
    generate = _verb(secret, "generate", _secret_generate, "make a secret of as many random bytes as the manifest says")
    rotate = _verb(secret, "rotate", _secret_rotate, "replace a secret by new random bytes, or by what is read")
    unset = _verb(secret, "unset", _secret_unset, "delete a secret")
    for verb in (put, generate, rotate, unset):
        verb.add_argument("environment", metavar="ENV")
        verb.add_argument("name", metavar="NAME", help="such as meta-app-secret, or META_APP_SECRET")
    for verb in (put, rotate):
        verb.add_argument("--file", metavar="FILE", type=Path, help="read the value from a file")
    unset.add_argument("--approve", metavar="NAME", help="the name once more, where nobody is at a terminal")
    listing = _verb(secret, "list", _secret_list, "list the secrets and whether the containers hold them; no value")
    imported = _verb(secret, "import", _secret_import, "set the secrets that a dotenv file gives")
    for verb in (listing, imported):
        verb.add_argument("environment", metavar="ENV")
        verb.add_argument("--json", action="store_true", help="for programs")
    imported.add_argument("file", metavar="FILE", help="- is standard input")
    imported.add_argument("--check", action="store_true", help="show what would be set, and write nothing")


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


def _schema(options: argparse.Namespace) -> int:
    from deployer.verbs.schema import KINDS, schema

    if options.of not in KINDS:
        raise UsageError(f"there is no schema {options.of!r}", fix=f"use one of: {', '.join(KINDS)}")
    sys.stdout.write(schema(options.of))
    return 0


def _plan(options: argparse.Namespace) -> int:
    from deployer.verbs import plan as verb
    from deployer.verbs.environment import open_environment

    if options.json and options.markdown:
        raise UsageError("--json and --markdown exclude each other", fix="choose one of the two")
    if (options.to is not None or options.with_secrets) and not options.rollback:
        raise UsageError("--to and --with-secrets belong to a rollback", fix="add --rollback")
    reporter = Reporter(sys.stderr)
    environment = open_environment(options.environment, reporter, image=options.image, prune=options.prune)
    if options.rollback:
        environment = environment.back_to(options.to, with_secrets=options.with_secrets)
    planned = verb.make_plan(environment)
    if options.json or options.out:  # the document's types take some time to build
        from deployer.verbs import saved_plan
    if options.json:
        _out(saved_plan.as_json(planned.plan))
    else:
        _out(verb.show(environment, planned, colour=_colour(sys.stdout), markdown=options.markdown))
    if options.out:
        saved_plan.save(planned.plan, options.out)
        reporter.note(f"saved: just reconcile {planned.plan.environment} --plan {options.out}")
    verb.refuse_blocked(planned.plan)
    return 2 if options.detailed_exitcode and not planned.plan.empty else 0


def _reconcile(options: argparse.Namespace) -> int:
    from deployer.verbs.environment import open_environment

    reporter = Reporter(sys.stderr)
    if options.plan is None:
        environment = open_environment(options.environment, reporter, image=options.image, prune=options.prune)
        return _carry_out(options, environment, _settled_plan(environment))
    from deployer.project import manifest_path
    from deployer.verbs import saved_plan

    if options.image or options.prune:
        raise UsageError("a saved plan has its own image and its own --prune", fix="leave out --image and --prune")
    saved = saved_plan.read_saved(options.plan, manifest_path(options.environment).stem)
    environment = open_environment(options.environment, reporter, image=saved.tag, prune=saved.prune)
    if saved.rollback_to:
        environment = environment.back_to(saved.rollback_to, with_secrets=saved.with_secrets)
    planned = _settled_plan(environment)
    saved_plan.refuse_changed(saved, planned.plan)
    return _carry_out(options, environment, planned)


def _settled_plan(environment: Environment) -> Planned:
    """The plan, after what an earlier run left under way has come to its end."""
    from deployer.verbs import plan as planning

    planned = planning.make_plan(environment)
    if not planned.facts.unsettled:
        return planned
    from deployer.verbs import reconcile as verb

    verb.settle(environment)
    return planning.make_plan(environment)


def _rollback(options: argparse.Namespace) -> int:
    from deployer.verbs import plan as planning
    from deployer.verbs import reconcile as verb
    from deployer.verbs.environment import open_environment

    reporter = Reporter(sys.stderr)
    if options.environment is None:
        reporter.note("no environment was named: this is staging")
    environment = open_environment(options.environment or "staging", reporter)
    stopped = verb.settle(environment)
    if stopped and stopped.release.rollback_to and options.to is None:  # asked for once, and not to be done twice
        reporter.note(f"the rollback that was stopped is done: release {stopped.release.rollback_to} serves again")
        options.to = stopped.release.rollback_to
    environment = environment.back_to(options.to, with_secrets=options.with_secrets)
    options.retry = True  # a release that was healthy once may be gone back to, whatever came of it later
    return _carry_out(options, environment, planning.make_plan(environment))


def _carry_out(options: argparse.Namespace, environment: Environment, planned: Planned) -> int:
    from deployer.verbs import outcome as ending
    from deployer.verbs import plan as planning

    shown = sys.stderr if options.json else sys.stdout
    write(planning.show(environment, planned, colour=_colour(shown)) + "\n", shown)
    planning.refuse_blocked(planned.plan)
    outcome = ending.unchanged(planned.plan)
    if not planned.plan.empty:  # a run that finds nothing to do needs none of what changes things
        from deployer.verbs import reconcile as verb
        from deployer.verbs.protection import Consent

        consent = Consent(_ask if sys.stdin.isatty() else None, options.approve)
        outcome = verb.apply(environment, planned, consent, retry=options.retry)
    _out(ending.show(environment, outcome, ending.Shown(options.json, _just())))
    return 0


def _releases(options: argparse.Namespace) -> int:
    from deployer.verbs.releases import releases

    _out(releases(_loaded(options), as_json=options.json, everything=options.all))
    return 0


def _status(options: argparse.Namespace) -> int:
    from deployer.verbs.environment import open_environment
    from deployer.verbs.status import follow, show, status

    reporter = Reporter(sys.stderr)
    environment = open_environment(options.environment, reporter, start=False)
    if options.follow and not follow(environment):
        reporter.note("no operation is under way")
    _out(show(status(environment), as_json=options.json))
    return 0


def _logs(options: argparse.Namespace) -> int:
    from deployer.verbs.environment import open_environment
    from deployer.verbs.logs import Wanted, seconds, show, tail

    wanted = Wanted(options.service, options.operation, seconds(options.since), options.follow)
    environment = open_environment(options.environment, Reporter(sys.stderr), start=False)
    for line in tail(environment, wanted):
        _out(show(line, as_json=options.json))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from deployer.verbs.environment import open_environment
    from deployer.verbs.verify import show, verify

    environment = open_environment(options.environment, Reporter(sys.stderr), image=options.image, start=False)
    found = verify(environment, decrypt=options.decrypt)
    _out(show(found, as_json=options.json))
    return 3 if found.problems else 0


def _drift(options: argparse.Namespace) -> int:
    from deployer.verbs.drift import drift, show
    from deployer.verbs.environment import open_environment

    found = drift(open_environment(options.environment, Reporter(sys.stderr), start=False))
    _out(show(found, as_json=options.json))
    return 2 if options.detailed_exitcode and (found.drift or found.staged) else 0


def _diff(options: argparse.Namespace) -> int:
    from deployer.manifest.load import load
    from deployer.project import manifest_path
    from deployer.verbs.diff import diff, show

    left, right = (load(manifest_path(name)) for name in (options.left, options.right))
    found = diff(left, right, secrets=options.secrets)
    _out(show(found, as_json=options.json))
    return 2 if options.detailed_exitcode and not found.alike else 0


def _promote(options: argparse.Namespace) -> int:
    from deployer.manifest.load import load
    from deployer.project import manifest_path
    from deployer.verbs.environment import open_environment
    from deployer.verbs.promote import refuse_another_image, running

    reporter = Reporter(sys.stderr)
    source = running(load(manifest_path(options.source)))
    reporter.note(f"promoting release {source.number} of {source.environment}: {source.tag}, {source.digest[:19]}")
    environment = open_environment(options.environment, reporter, image=source.tag)
    planned = _settled_plan(environment)
    refuse_another_image(source, planned.plan)
    return _carry_out(options, environment, planned)


def _export(options: argparse.Namespace) -> int:
    from deployer.verbs.export import export, export_with_secrets

    if options.secrets != (options.out is not None):
        wrong = "secrets are written to a file only" if options.secrets else "--out belongs to --secrets"
        raise UsageError(wrong, fix="give both --secrets and --out FILE, or neither")
    loaded = _loaded(options)
    if options.secrets:
        _out(export_with_secrets(loaded, options.format, options.out))
    else:
        _out(export(loaded, options.format))
    return 0


def _unlock(options: argparse.Namespace) -> int:
    from deployer.verbs.unlock import unlock

    ask = _ask if sys.stdin.isatty() else None
    _out(unlock(_loaded(options), Reporter(sys.stderr), ask=ask, approve=options.approve))
    return 0


def _set(options: argparse.Namespace) -> int:
    from deployer.project import manifest_path
    from deployer.verbs import edit

    path = manifest_path(options.environment)
    edited = edit.set_value(path, options.name, options.value)
    _out(edit.show(edited, path.stem, as_json=options.json))
    return 0


def _add(options: argparse.Namespace) -> int:
    from deployer.manifest import edit as entry
    from deployer.project import manifest_path
    from deployer.verbs import edit

    secret = options.secret or options.generate is not None
    if secret == (options.value is not None):
        wrong = "a secret's value never stands in a manifest" if secret else "a literal needs a value"
        raise UsageError(wrong, fix="just add ENV NAME VALUE, or: just add ENV NAME --secret")
    if secret and options.store:
        raise UsageError("--store belongs to a literal", fix="leave it out: every secret is kept in SSM")
    path = manifest_path(options.environment)
    if secret:
        text = entry.secret(generate=options.generate, description=options.description)
    else:
        text = entry.literal(options.value, store=options.store, description=options.description)
    _out(edit.show(edit.add(path, options.name, text, options.value), path.stem, as_json=options.json))
    return 0


def _remove(options: argparse.Namespace) -> int:
    from deployer.project import manifest_path
    from deployer.verbs import edit

    path = manifest_path(options.environment)
    _out(edit.show(edit.remove(path, options.name), path.stem, as_json=options.json))
    return 0


def _secret_set(options: argparse.Namespace) -> int:
    from deployer.verbs.secret.writing import put

    _out(put(_loaded(options), options.name, _value(options.file)))
    return 0


def _secret_generate(options: argparse.Namespace) -> int:
    from deployer.verbs.secret.writing import generate

    _out(generate(_loaded(options), options.name))
    return 0


def _secret_rotate(options: argparse.Namespace) -> int:
    from deployer.verbs.secret.writing import rotate

    _out(rotate(_loaded(options), options.name, _value(options.file)))
    return 0


def _secret_unset(options: argparse.Namespace) -> int:
    from deployer.verbs.secret.writing import unset

    ask = _ask if sys.stdin.isatty() else None
    _out(unset(_loaded(options), options.name, ask=ask, approve=options.approve))
    return 0


def _secret_list(options: argparse.Namespace) -> int:
    from deployer.verbs.secret.listing import secret_list

    _out(secret_list(_loaded(options), as_json=options.json))
    return 0


def _secret_import(options: argparse.Namespace) -> int:
    from deployer.verbs.secret.importing import secret_import, show

    loaded = _loaded(options)
    text = _text(sys.stdin.buffer.read(LARGEST_FILE + 1) if options.file == "-" else _bytes(Path(options.file)))
    done = secret_import(loaded, text, options.file, write=not options.check)
    _out(show(done, loaded.manifest.environment, as_json=options.json))
    return 0


def _loaded(options: argparse.Namespace) -> Loaded:
    from deployer.manifest.load import load
    from deployer.project import manifest_path

    return load(manifest_path(options.environment))


def _value(file: Path | None) -> Callable[[str], str]:
    """Reads a secret: from the file, from a person who types it twice unseen, or from standard input."""

    def read(prompt: str) -> str:
        if file is not None:
            return _text(_bytes(file))
        if not sys.stdin.isatty():
            return _text(sys.stdin.buffer.read(LARGEST_FILE + 1))
        first, second = getpass.getpass(prompt), getpass.getpass("once more: ")
        if first != second:
            raise UsageError("the two differ; nothing was changed")
        return first

    return read


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(f"{file} cannot be read; nothing was changed", why=why) from None


def _text(raw: bytes) -> str:
    if len(raw) > LARGEST_FILE:
        raise UsageError("this is more than 1 MiB; nothing was changed")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("the value is not UTF-8 text; nothing was changed") from None


def _local(options: argparse.Namespace) -> int:
    from deployer.local.settings import world_settings
    from deployer.verbs import local

    settings = world_settings(_loaded(options))
    verb = {"up": local.up, "down": local.down, "status": local.status, "env": local.env}[options.local]
    _out(verb(settings))
    return 0


def _say(options: argparse.Namespace) -> int:
    from deployer.local.settings import world_settings
    from deployer.verbs.say import say

    settings = world_settings(_loaded(options))
    text = " ".join(options.text)
    if not text.strip():
        raise UsageError("there is nothing to say", fix='just say ENV "What is Ansari?"')
    _out(say(settings, text, options.user))
    return 0


def _ask(question: str) -> str:
    """A question on stderr: stdout carries data only."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def _just() -> str:
    """How the user calls the recipes."""
    return os.environ.get("DEPLOYER_JUST", "just")


def _out(text: str) -> None:
    if text:
        write(text.rstrip("\n") + "\n", sys.stdout)


def _colour(stream: object) -> bool:
    return bool(getattr(stream, "isatty", bool)()) and not os.environ.get("NO_COLOR")


def run(arguments: Sequence[str]) -> int:
    """Parse and run one verb; returns its exit code. Raises DeployerError."""
    options = parser().parse_args(arguments)
    if empty := next((name for name in ("image", "approve") if getattr(options, name, None) == ""), None):
        raise UsageError(f"--{empty} is empty", fix="leave it out, or look at where its value should have come from")
    code: int = options.run(options)
    return code
