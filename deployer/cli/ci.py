"""The verbs of `deployer ci`: what the workflows are made of, and what they call."""

from __future__ import annotations

from pathlib import Path

from deployer.cli.command import Group, Options, Parser, Verb, loaded, names_environment
from deployer.cli.terminal import out
from deployer.errors import UsageError

LOCK = "requirements-service.lock"


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
    parser.add_argument("--lock", metavar="FILE", type=Path, help=f"the lock file; {LOCK} when left out")


def _lock(options: Options) -> tuple[Path, Path]:
    from deployer.project import find_root

    root = find_root(Path.cwd())
    return options.lock or root / LOCK, root


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


CI = {
    "render": Verb("write the workflows of GitHub from the manifests", _render_options, _render),
    "tag": Verb("say which image a plan in CI is to be made with", _tag_options, _tag),
    "sbom": Verb("list what the image's Python packages are, as CycloneDX JSON", _lock_options, _sbom),
    "audit": Verb("look for known vulnerabilities in the image's packages", _audit_options, _audit),
}
VERBS = {"ci": Group("the workflows that deploy from GitHub", CI)}
