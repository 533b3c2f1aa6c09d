"""The verbs that only look: releases, status, logs, verify, doctor, drift, diff."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from deployer.cli.command import Options, Parser, Verb, accepts_json, names_environment
from deployer.cli.terminal import out
from deployer.errors import UsageError
from deployer.view.progress import Reporter, write_raw


def _releases_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--all", action="store_true", help="all that the ledger holds, not only the newest twenty")
    parser.add_argument(
        "--diff",
        nargs=2,
        metavar=("A", "B"),
        help="show what differs between two releases, by number or commit; with --json: deployer schema releases-diff",
    )
    accepts_json(parser, "releases")


def _releases(options: Options) -> int:
    from deployer.verbs.releases import ReleasesOptions, list_releases
    from deployer.view import release_diff_text, releases_text
    from deployer.view.documents.releases import ReleasesDiffDocument
    from deployer.view.json_text import as_json
    from deployer.view.releases_json import release_documents

    asked = ReleasesOptions(environment=options.environment, compared=tuple(options.diff) if options.diff else None)
    releases = list_releases(asked, Reporter(sys.stderr))
    if isinstance(releases, ReleasesDiffDocument):
        out(as_json(releases) if options.json else release_diff_text.render(releases))
    elif options.json:
        out(as_json(release_documents(releases.entries, releases.live)))
    else:
        name, now = releases.environment, datetime.now(UTC)
        out(releases_text.render(releases.entries, releases.live, environment=name, everything=options.all, now=now))
    return 0


def _status_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--follow", action="store_true", help="first wait for the operation that is under way")
    parser.add_argument("--exit-code", action="store_true", help="for monitors: exit with a code for each state")
    accepts_json(parser, "status")


def _status(options: Options) -> int:
    from deployer.core.health import EXIT_CODES
    from deployer.verbs.status import StatusOptions, show_status
    from deployer.view import status_text
    from deployer.view.json_text import as_json

    asked = StatusOptions(environment=options.environment, follow=options.follow, monitored=options.exit_code)
    status = show_status(asked, Reporter(sys.stderr))
    out(as_json(status) if options.json else status_text.render(status, datetime.now(UTC)))
    return EXIT_CODES[status.state] if options.exit_code else 0


def _logs_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--since", metavar="TIME", type=str, help="such as 90s, 15m, 2h or 3d; 15m when left out")
    parser.add_argument("--follow", action="store_true", help="go on until it is interrupted")
    parser.add_argument("--service", action="store_true", help="the platform's own lines about the service instead")
    parser.add_argument("--operation", metavar="ID", help="all lines of the platform during one operation")
    parser.add_argument("--raw", action="store_true", help="only the text, exactly as written, into a pipe or a file")
    accepts_json(parser, "log-line", "a JSON object a line, for programs")


def _logs(options: Options) -> int:
    from deployer.verbs.logs import LogsOptions, read_logs
    from deployer.view.logs_text import log_line_json, render_log_line

    if options.raw and options.json:
        raise UsageError("--raw and --json exclude each other", fix="choose one of the two")
    if options.raw and sys.stdout.isatty():
        raise UsageError(
            "raw log lines are not written to a terminal",
            why="they may hold characters that a terminal obeys",
            fix=f"just logs {options.environment} --raw | cat -v",
        )
    asked = LogsOptions(
        environment=options.environment,
        service=options.service,
        operation=options.operation,
        since=options.since,
        follow=options.follow,
    )
    reporter = Reporter(sys.stderr)
    nothing = True
    for line in read_logs(asked, reporter):
        nothing = False
        if options.raw:
            write_raw(f"{line.text}\n", sys.stdout)
        else:
            out(log_line_json(line) if options.json else render_log_line(line))
    if nothing:
        reporter.note("nothing was written in that time; --since 3d looks further back")
    return 0


def _verify_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--image", metavar="IMAGE", help="a release number, commit or tag; default: the current commit")
    parser.add_argument("--decrypt", action="store_true", help="read the secrets, too: would the service accept them?")
    accepts_json(parser, "verify")


def _verify(options: Options) -> int:
    from deployer.verbs.verify import VerifyOptions, verify_environment
    from deployer.view.json_text import as_json
    from deployer.view.verify_text import render_verified

    asked = VerifyOptions(environment=options.environment, image=options.image, decrypt=options.decrypt)
    results = verify_environment(asked, Reporter(sys.stderr))
    out(as_json(results) if options.json else render_verified(results))
    return 3 if results.problems else 0


def _doctor_options(parser: Parser) -> None:
    parser.add_argument("environment", metavar="ENV", nargs="?", default="staging", help="staging when left out")
    accepts_json(parser, "doctor")


def _doctor(options: Options) -> int:
    from deployer.verbs.doctor import DoctorOptions, examine_setup
    from deployer.view import doctor_text
    from deployer.view.json_text import as_json

    diagnosis = examine_setup(DoctorOptions(environment=options.environment), Reporter(sys.stderr))
    out(as_json(diagnosis) if options.json else doctor_text.render(diagnosis))
    return 3 if any(finding.state == "problem" for finding in diagnosis.findings) else 0


def _drift_options(parser: Parser) -> None:
    names_environment(parser)
    _detailed(parser)
    accepts_json(parser, "drift")


def _drift(options: Options) -> int:
    from deployer.verbs.drift import DriftOptions, find_drift
    from deployer.view.drift_text import render_drift
    from deployer.view.json_text import as_json

    drift = find_drift(DriftOptions(environment=options.environment), Reporter(sys.stderr))
    out(as_json(drift) if options.json else render_drift(drift, datetime.now(UTC)))
    return 2 if options.detailed_exitcode and (drift.drift or drift.staged) else 0


def _diff_options(parser: Parser) -> None:
    names_environment(parser, "left", "LEFT")
    names_environment(parser, "right", "RIGHT")
    parser.add_argument("--secrets", action="store_true", help="show also which secrets are the same; reads them")
    _detailed(parser)
    accepts_json(parser, "diff")


def _diff(options: Options) -> int:
    from deployer.verbs.diff import DiffOptions, compare_environments
    from deployer.view.diff_text import render_diff
    from deployer.view.json_text import as_json

    differences = compare_environments(DiffOptions(left=options.left, right=options.right, secrets=options.secrets))
    out(as_json(differences, ensure_ascii=False) if options.json else render_diff(differences))
    return 2 if options.detailed_exitcode and not differences.alike else 0


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
