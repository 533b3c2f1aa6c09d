"""The verbs of `deployer ci`: what the repository's host has to know."""

from __future__ import annotations

import sys
from pathlib import Path

from deployer.cli.command import Group, Options, Parser, Verb, as_json
from deployer.cli.terminal import out, person
from deployer.errors import UsageError
from deployer.view.progress import Reporter, write


def _github_sync_options(parser: Parser) -> None:
    parser.add_argument("environments", metavar="ENV", nargs="+", help="such as staging production")
    parser.add_argument("--check", action="store_true", help="write nothing, and exit 2 when something differs")
    parser.add_argument("--token-file", metavar="FILE", type=Path, help="a file with the token instead of GITHUB_TOKEN")
    parser.add_argument("--approve", metavar="ID", help="the fingerprint of the plan that was agreed to")
    as_json(parser)


def _github_sync(options: Options) -> int:
    from deployer.core.github.plan import SyncPlan, fingerprint
    from deployer.manifest.load import load
    from deployer.project import manifest_path
    from deployer.verbs.ci import github_sync as verb
    from deployer.verbs.protection import Consent
    from deployer.view.github_text import render

    if options.check and options.approve:
        raise UsageError("--check changes nothing, so there is nothing to approve", fix="leave out one of the two")
    report, shown = Reporter(sys.stderr), sys.stderr if options.json else sys.stdout
    manifests = [load(manifest_path(name)) for name in options.environments]
    with verb.open_sides(manifests, options.token_file, report) as sides:

        def show(plans: tuple[SyncPlan, ...]) -> None:
            mark = f"\nplan {fingerprint(plans)}" if any(plan.changes for plan in plans) else ""
            write("\n".join(map(render, plans)) + mark + "\n", shown)

        def agree(plans: tuple[SyncPlan, ...]) -> None:
            show(plans)
            verb.refuse_blocked(plans)
            verb.consent(sides, plans, Consent(person(), options.approve))

        synced = verb.sync(sides, report, agree=None if options.check else agree)
        if not synced.written:
            show(synced.plans)
    if options.json:
        out(verb.as_json(synced))
    elif synced.written:
        out("GitHub is equal to the manifests.")
    verb.refuse_blocked(synced.plans)
    return 2 if options.check and synced.pending else 0


GITHUB = {
    "github-sync": Verb("set GitHub's environments, variables and secrets", _github_sync_options, _github_sync),
}
VERBS = {"ci": Group("what GitHub has to know to test and deploy", GITHUB)}
