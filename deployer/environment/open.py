"""Open an environment: read and check its manifest, confirm its AWS account."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from deployer import git
from deployer.apps.settings import settings_class
from deployer.aws import ecr, ledger
from deployer.aws.session import Session
from deployer.core import rollback
from deployer.core.desired import Desired, DesiredImage
from deployer.core.release import ledger_path
from deployer.core.revision import is_tag, release_number, released_tag, unique_tag
from deployer.environment.contract import refuse_contract_problems
from deployer.environment.other_manifests import refuse_shared
from deployer.environment.site import Site, site_at, site_of
from deployer.environment.usable_manifest import read_usable_manifest
from deployer.image.snapshot import Snapshot
from deployer.manifest.contract import refused_secrets
from deployer.manifest.identity import Identity, identity_of
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.manifest.model import Manifest
from deployer.manifest.problem import InvalidManifest
from deployer.project import manifest_path
from deployer.resources.desired import desired_state
from deployer.run.look import Run
from deployer.targets.registry import RECORDED, open_target
from deployer.view.progress import Reporter
from deployer.world_keys import keys_beside


class Environment(Struct, frozen=True):
    """Everything that a verb needs to call AWS.

    `problems` counts those of the checked-out manifest: see usable_manifest.py.
    """

    loaded: LoadedManifest
    session: Session
    site: Site
    run: Run
    problems: int = 0

    @property
    def desired(self) -> Desired:
        return self.run.desired

    def back_to(self, release: str | None, *, with_secrets: bool) -> Environment:
        """This environment with a recorded release as its desired state.

        The release is named by number or commit, or is the last healthy one.
        """
        observed = self.run.observe().with_unrecorded()
        number = None if release is None else release_number(observed.releases, release, self.desired.environment)
        if number is None and observed.pending and observed.pending.rollback_to:
            number = observed.pending.rollback_to  # a stopped rollback must not be done twice
        runs = observed.service is not None
        entry = rollback.choose(
            observed.releases, number, self.desired.environment, runs=runs, with_secrets=with_secrets
        )
        desired = rollback.desired_release(self.desired, entry, with_secrets=with_secrets)
        return replace(self, run=replace(self.run, desired=desired))


def open_session(loaded: LoadedManifest) -> tuple[Session, str]:
    """Open a session of the manifest's account, and return it with the caller: an ARN, or a name in the local world.

    Raises DeployerError when the manifest is for the local world and that is not running.
    """
    return open_identity(identity_of(loaded.manifest, loaded.path))


def open_identity(identity: Identity) -> tuple[Session, str]:
    """Open a session for an environment of which only the identity is known."""
    site = site_at(identity)
    site.refuse_stopped()
    session = Session(identity.account, identity.region, identity.endpoint, keys_beside(identity.path))
    return session, site.caller(session.check())


def open_environment(
    name: str,
    report: Reporter,
    *,
    image: str | None = None,
    prune: bool = False,
    start: bool = True,
    only_reads: bool = False,
) -> Environment:
    """Read the manifest, start the local world if the manifest is for it, and confirm the account.

    `image` names an image in ECR instead of the current commit's: by tag, by the start of a commit, or by the number of
    a release. Without `start`, a local world that does not run is an error. A verb that `only_reads` may do so even if
    another manifest claims the same resources.
    """
    loaded = load_manifest(manifest_path(name))
    refuse_contract_problems(loaded)
    return _opened(loaded, report, image=image, prune=prune, start=start, only_reads=only_reads)


def open_usable_environment(
    name: str, report: Reporter, *, start: bool = True, only_reads: bool = False
) -> Environment:
    """Open an environment for a verb that works from the ledger: the manifest may have problems, or be absent.

    With problems, only names, roles and the like of it may be used, and a local world is not started.
    """
    known = read_usable_manifest(name, report)
    if not known.problems:
        return _opened(known.loaded, report, start=start, only_reads=only_reads)
    if not only_reads:
        refuse_shared(known.loaded)
    session, who = open_session(known.loaded)
    image = known.loaded.manifest.image
    undeployed = DesiredImage(image.repository, "unknown", None, image.keep)
    site = site_of(known.loaded)
    run = _run(known.loaded, session, site, who, undeployed, report)
    return Environment(known.loaded, session, site, run, known.problems)


def _opened(
    loaded: LoadedManifest,
    report: Reporter,
    *,
    image: str | None = None,
    prune: bool = False,
    start: bool,
    only_reads: bool,
) -> Environment:
    if not only_reads:
        refuse_shared(loaded)
    manifest = loaded.manifest
    site = site_of(loaded)
    if start:
        site.start(report)
    else:
        site.refuse_stopped()
    session = Session(manifest.aws.account, manifest.aws.region, manifest.aws.endpoint, keys_beside(loaded.path))
    with ThreadPoolExecutor(1) as aside:  # git runs as other processes, so the clients can be created meanwhile
        taken = aside.submit(site.snapshot, image)
        arn = session.check()  # in this thread, so that Ctrl-C does not wait for an AWS that does not answer
        if image is not None and not is_tag(image):
            image = _tag(session, manifest, image)
        snapshot = taken.result()
    if snapshot and image and image != snapshot.tag:
        snapshot = None
    run = _run(loaded, session, site, site.caller(arn), _image(loaded, snapshot, image), report)
    return Environment(loaded, session, site, replace(run, image_manifest=snapshot and snapshot.manifest, prune=prune))


def _run(loaded: LoadedManifest, session: Session, site: Site, who: str, image: DesiredImage, report: Reporter) -> Run:
    settings = None
    with suppress(InvalidManifest):  # a verb that needs them has already refused
        settings = settings_class(loaded.app, loaded.root)
    target = open_target(loaded.manifest.service.target, session)
    return Run(
        session=session,
        target=target,
        desired=desired_state(loaded, image, target.description),
        app=loaded.app,
        site=site,
        who=who,
        image_manifest=None,
        report=report,
        examine=partial(refused_secrets, settings) if settings else None,
    )


def _tag(session: Session, manifest: Manifest, image: str) -> str:
    """The tag that a release's number, or the start of a commit, means: first among the releases, then in ECR."""
    releases = ledger.read(session.ssm, ledger_path(manifest.app, manifest.environment), RECORDED)
    if tag := released_tag(releases, image, manifest.environment):
        return tag
    return unique_tag(ecr.tags(session.ecr, manifest.image.repository), image) or image


def _image(loaded: LoadedManifest, snapshot: Snapshot | None, tag: str | None) -> DesiredImage:
    image = loaded.manifest.image
    if snapshot is not None:
        return DesiredImage(image.repository, snapshot.tag, snapshot.digest, image.keep, here=True)
    return DesiredImage(image.repository, tag or git.commit(loaded.path.resolve().parent), None, image.keep)
