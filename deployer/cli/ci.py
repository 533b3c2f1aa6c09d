"""The verbs of `deployer ci`: what GitHub's workflows are made of, what they call, and what GitHub has to know."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deployer.cli.command import Group, Options, Parser, Verb, accepts_json, file, names_environment
from deployer.cli.terminal import consent, out
from deployer.view.progress import Reporter, write

if TYPE_CHECKING:
    from deployer.resources.github_environment.plan import SyncPlan


def _render_options(parser: Parser) -> None:
    parser.add_argument("--check", action="store_true", help="write nothing; exit 3 and name what is stale")
    parser.add_argument("--legacy", metavar="ENV", help="print a workflow for awslabs/amazon-app-runner-deploy instead")


def _render(options: Options) -> int:
    from deployer.verbs.ci.render import RenderOptions, render_workflows
    from deployer.view.workflows_text import render_current, render_written

    workflows = render_workflows(RenderOptions(check=options.check, legacy=options.legacy))
    if isinstance(workflows, str):
        out(workflows)
    else:
        out(
            render_written(workflows.files, workflows.deleted) if workflows.written else render_current(workflows.files)
        )
    return 0


def _tag_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--running", action="store_true", help="that of the last healthy release instead")


def _tag(options: Options) -> int:
    from deployer.verbs.ci.tag import TagOptions, choose_tag

    out(choose_tag(TagOptions(environment=options.environment, running=options.running)))
    return 0


def _lock_options(parser: Parser) -> None:
    parser.add_argument("--lock", metavar="FILE", type=file, help="the lock file; that of deployer.yaml when left out")


def _sbom(options: Options) -> int:
    from deployer.verbs.ci.sbom import SbomOptions, list_packages

    out(list_packages(SbomOptions(lock=options.lock)))
    return 0


def _audit_options(parser: Parser) -> None:
    _lock_options(parser)
    parser.add_argument("--service", metavar="URL", help="an OSV service; pip-audit's own when left out")


def _audit(options: Options) -> int:
    from deployer.verbs.ci.audit import AuditOptions, audit_packages

    audited = audit_packages(AuditOptions(lock=options.lock, service=options.service))
    out(f"{audited.lock}: {audited.packages} packages, no known vulnerability.")
    return 0


def _github_sync_options(parser: Parser) -> None:
    parser.add_argument("environments", metavar="ENV", nargs="+", help="such as staging production")
    parser.add_argument("--check", action="store_true", help="write nothing, and exit 2 when something differs")
    parser.add_argument("--token-file", metavar="FILE", type=file, help="a file with the token instead of GITHUB_TOKEN")
    parser.add_argument("--approve", metavar="ID", help="the fingerprint of the plan that was agreed to")
    accepts_json(parser, "github-sync")


def _github_sync(options: Options) -> int:
    from deployer.environment.github import refuse_blocked_sync
    from deployer.verbs.ci.github_sync import GitHubSyncOptions, sync_github
    from deployer.view.github_json import sync_documents
    from deployer.view.github_text import render_plans
    from deployer.view.json_text import as_json

    def show(plans: tuple[SyncPlan, ...]) -> None:
        write(render_plans(plans) + "\n", sys.stderr if options.json else sys.stdout)

    asked = GitHubSyncOptions(
        environments=tuple(options.environments), check=options.check, token_file=options.token_file
    )
    synced = sync_github(asked, Reporter(sys.stderr), show, consent(options.approve))
    if options.json:
        out(as_json(sync_documents(synced.plans, written=synced.written), ensure_ascii=False))
    elif synced.written:
        out("GitHub is equal to the manifests.")
    refuse_blocked_sync(synced.plans)
    return 2 if options.check and (synced.pending or synced.unreviewed) else 0


def _consent(options: Options) -> int:
    from deployer.verbs.ci.consent import ConsentOptions, refuse_unreviewed
    from deployer.view.github_text import render_reviewers

    reviewed = refuse_unreviewed(ConsentOptions(environment=options.environment), Reporter(sys.stderr))
    out(render_reviewers(reviewed.environment, required=reviewed.required))
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
