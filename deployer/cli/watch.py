"""The verbs that only look: releases, status, logs, verify, doctor, drift, diff."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deployer.cli.command import Options, Parser, Verb, as_json, names_environment
from deployer.cli.terminal import out
from deployer.errors import DeployerError, StatusUnknown, UsageError
from deployer.view.progress import Reporter, write_raw

if TYPE_CHECKING:
    from deployer.view.documents import StatusDocument


def _releases_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--all", action="store_true", help="all that the ledger holds, not only the newest twenty")
    parser.add_argument(
        "--diff",
        nargs=2,
        metavar=("A", "B"),
        help="show what differs between two releases, by number or commit; with --json: deployer schema releases-diff",
    )
    as_json(parser, "releases")


def _releases(options: Options) -> int:
    from deployer.environment.usable_manifest import usable_identity
    from deployer.verbs.releases import compare, releases

    identity = usable_identity(options.environment, Reporter(sys.stderr))
    if options.diff:
        out(compare(identity, *options.diff, as_json=options.json))
        return 0
    out(releases(identity, as_json=options.json, everything=options.all))
    return 0


def _status_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--follow", action="store_true", help="first wait for the operation that is under way")
    parser.add_argument("--exit-code", action="store_true", help="for monitors: exit with a code for each state")
    as_json(parser, "status")


def _status(options: Options) -> int:
    from deployer.core.health import EXIT_CODES

    if not options.exit_code:
        _read_status(options)
        return 0
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return EXIT_CODES[_read_status(options).state]
    except DeployerError as error:
        if error.exit_code != DeployerError.exit_code:
            raise
        raise StatusUnknown(error.what, why=error.why, fix=error.fix) from None
    except (BotoCoreError, ClientError) as error:
        from deployer.aws.errors import explain

        found = explain(error)
        raise StatusUnknown(found.what, why=found.why, fix=found.fix) from None


def _read_status(options: Options) -> StatusDocument:
    """Print the status, and return it."""
    from deployer.environment.open import open_usable_environment
    from deployer.verbs.status import follow, status

    reporter = Reporter(sys.stderr)
    environment = open_usable_environment(options.environment, reporter, start=False, only_looks=True)
    if options.follow and not follow(environment):
        reporter.note("no operation is under way")
    found = status(environment)
    if options.json:
        import json

        from msgspec import to_builtins

        out(json.dumps(to_builtins(found), indent=2))
    else:
        from datetime import UTC, datetime

        from deployer.view.status_text import render

        out(render(found, datetime.now(UTC)))
    return found


def _logs_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--since", metavar="TIME", type=str, help="such as 90s, 15m, 2h or 3d; 15m when left out")
    parser.add_argument("--follow", action="store_true", help="go on until it is interrupted")
    parser.add_argument("--service", action="store_true", help="the platform's own lines about the service instead")
    parser.add_argument("--operation", metavar="ID", help="all lines of the platform during one operation")
    parser.add_argument("--raw", action="store_true", help="only the text, exactly as written, into a pipe or a file")
    as_json(parser, "log-line", "a JSON object a line, for programs")


def _logs(options: Options) -> int:
    from deployer.environment.usable_manifest import usable_identity
    from deployer.verbs.logs import Wanted, seconds, show, tail

    if options.raw and options.json:
        raise UsageError("--raw and --json exclude each other", fix="choose one of the two")
    if options.raw and sys.stdout.isatty():
        raise UsageError(
            "raw log lines are not written to a terminal",
            why="they may hold characters that a terminal obeys",
            fix=f"just logs {options.environment} --raw | cat -v",
        )
    reporter = Reporter(sys.stderr)
    since = None if options.since is None else seconds(options.since)
    wanted = Wanted(options.service, options.operation, since, options.follow)
    nothing = True
    for line in tail(usable_identity(options.environment, reporter), wanted):
        nothing = False
        if options.raw:
            write_raw(f"{line.text}\n", sys.stdout)
        else:
            out(show(line, as_json=options.json))
    if nothing:
        reporter.note("nothing was written in that time; --since 3d looks further back")
    return 0


def _verify_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--image", metavar="IMAGE", help="a release number, commit or tag; default: the current commit")
    parser.add_argument("--decrypt", action="store_true", help="read the secrets, too: would the service accept them?")
    as_json(parser, "verify")


def _verify(options: Options) -> int:
    from deployer.environment.open import open_environment
    from deployer.verbs.verify import show, verify

    environment = open_environment(options.environment, Reporter(sys.stderr), image=options.image, start=False)
    found = verify(environment, decrypt=options.decrypt)
    out(show(found, as_json=options.json))
    return 3 if found.problems else 0


def _doctor_options(parser: Parser) -> None:
    parser.add_argument("environment", metavar="ENV", nargs="?", default="staging", help="staging when left out")
    as_json(parser, "doctor")


def _doctor(options: Options) -> int:
    from deployer.project import manifest_path
    from deployer.verbs.doctor.examine import examine, show

    found = examine(manifest_path(options.environment))
    out(show(found, as_json=options.json))
    return 3 if any(finding.state == "problem" for finding in found.findings) else 0


def _drift_options(parser: Parser) -> None:
    names_environment(parser)
    _detailed(parser)
    as_json(parser, "drift")


def _drift(options: Options) -> int:
    from deployer.environment.open import open_environment
    from deployer.verbs.drift import drift, show

    found = drift(open_environment(options.environment, Reporter(sys.stderr), start=False, only_looks=True))
    out(show(found, as_json=options.json))
    return 2 if options.detailed_exitcode and (found.drift or found.staged) else 0


def _diff_options(parser: Parser) -> None:
    names_environment(parser, "left", "LEFT")
    names_environment(parser, "right", "RIGHT")
    parser.add_argument("--secrets", action="store_true", help="show also which secrets are the same; reads them")
    _detailed(parser)
    as_json(parser, "diff")


def _diff(options: Options) -> int:
    from deployer.environment.two_manifests import load_two_manifests
    from deployer.verbs.diff import diff, show

    left, right = load_two_manifests(options.left, options.right)
    found = diff(left, right, secrets=options.secrets)
    out(show(found, as_json=options.json))
    return 2 if options.detailed_exitcode and not found.alike else 0


def _detailed(parser: Parser) -> None:
    parser.add_argument("--detailed-exitcode", action="store_true", help="exit 2 when there is drift")


VERBS = {
    "releases": Verb("list what was released, newest first", _releases_options, _releases),
    "status": Verb("show whether users are served, which release runs, and what waits", _status_options, _status),
    "logs": Verb("show what the service has written; no secret is in it", _logs_options, _logs),
    "verify": Verb("check everything a deployment needs, and change nothing", _verify_options, _verify),
    "doctor": Verb("check this machine, the credentials and their permissions", _doctor_options, _doctor),
    "drift": Verb("show what was changed outside the deployer, by whom and when", _drift_options, _drift),
    "diff": Verb("show where two environments differ", _diff_options, _diff),
}
