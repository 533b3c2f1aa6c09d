"""The verbs of `deployer ci`: what GitHub's workflows are made of, what they call, and what GitHub has to know."""

from __future__ import annotations

import sys
from pathlib import Path

from deployer.cli.command import Group, Options, Parser, Verb, accepts_json, file, loaded, names_environment
from deployer.cli.terminal import out, person
from deployer.errors import UsageError
from deployer.view.progress import Reporter, write


def _render_options(parser: Parser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; exit 3 and name what is stale")
    parser.add_argument("--legacy", metavar="ENV", help="print a workflow for awslabs/amazon-app-runner-deploy instead")


def _render(options: Options) -> int:
    from deployer.manifest.load import load
    from deployer.project import find_root, manifest_path
    from deployer.verbs.ci.render import check, render, render_legacy

    if options.legacy is not None:
        if options.check:
            raise UsageError("--check and --legacy exclude each other", fix="choose one of the two")
        out(render_legacy(load(manifest_path(options.legacy))))
        return 0
    root = find_root(Path.cwd())
    out(check(root) if options.check else render(root))
    return 0


def _tag_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--running", action="store_true", help="that of the last healthy release instead")


def _tag(options: Options) -> int:
    from deployer.verbs.ci.tag import running, tag

    manifest = loaded(options)
    out(running(manifest) if options.running else tag(manifest))
    return 0


def _lock_options(parser: Parser) -> None:
    parser.add_argument("--lock", metavar="FILE", type=file, help="the lock file; that of deployer.yaml when left out")


def _lock(options: Options) -> tuple[Path, Path]:
    from deployer.apps.project_file import read_app
    from deployer.project import PROJECT_FILE, find_root

    root = find_root(Path.cwd())
    if options.lock:
        return options.lock, root
    lock = read_app(root).image.lock
    if lock is None:
        raise UsageError(f"{PROJECT_FILE} names no lock file", fix="name one: --lock FILE, or image.lock there")
    return root / lock, root


def _sbom(options: Options) -> int:
    from deployer.verbs.ci.sbom import sbom

    out(sbom(*_lock(options)))
    return 0


def _audit_options(parser: Parser) -> None:
    _lock_options(parser)
    parser.add_argument("--service", metavar="URL", help="an OSV service; pip-audit's own when left out")


def _audit(options: Options) -> int:
    from deployer.verbs.ci.audit import audit

    out(audit(_lock(options)[0], service=options.service))
    return 0


def _github_sync_options(parser: Parser) -> None:
    parser.add_argument("environments", metavar="ENV", nargs="+", help="such as staging production")
    parser.add_argument("--check", action="store_true", help="write nothing, and exit 2 when something differs")
    parser.add_argument("--token-file", metavar="FILE", type=file, help="a file with the token instead of GITHUB_TOKEN")
    parser.add_argument("--approve", metavar="ID", help="the fingerprint of the plan that was agreed to")
    accepts_json(parser, "github-sync")


def _github_sync(options: Options) -> int:
    from deployer.environment.consent import Consent
    from deployer.manifest.load import load
    from deployer.project import manifest_path
    from deployer.resources.github_environment.plan import SyncPlan, fingerprint
    from deployer.verbs.ci import github_sync as verb
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
    return 2 if options.check and (synced.pending or synced.unreviewed) else 0


def _consent(options: Options) -> int:
    from deployer.verbs.ci.consent import refuse_unreviewed

    out(refuse_unreviewed(loaded(options), Reporter(sys.stderr)))
    return 0


CI = {
    "render": Verb("write the workflows of GitHub from the manifests", _render_options, _render),
    "consent": Verb("refuse where GitHub asks no reviewer of the environment", names_environment, _consent),
    "tag": Verb("print the image tag that a plan in CI uses", _tag_options, _tag),
    "sbom": Verb("list what the image's Python packages are, as CycloneDX JSON", _lock_options, _sbom),
    "audit": Verb("look for known vulnerabilities in the image's packages", _audit_options, _audit),
    "github-sync": Verb("set GitHub's environments, variables and secrets", _github_sync_options, _github_sync),
}
VERBS = {"ci": Group("GitHub: the workflows that test and deploy, and what they have to know", CI)}
