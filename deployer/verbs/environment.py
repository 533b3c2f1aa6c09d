"""One environment, opened: its manifest read and checked, its AWS account confirmed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from deployer import git
from deployer.apps.settings import settings_class
from deployer.aws import ecr, ledger
from deployer.aws.session import Session
from deployer.core import rollback
from deployer.core.desired import Desired, WantedImage, desired
from deployer.core.person import is_local_caller
from deployer.core.release import ledger_path
from deployer.core.revision import is_tag, release_number, released_tag, unique_tag
from deployer.errors import DeployerError
from deployer.image.snapshot import Snapshot, take
from deployer.local import lifecycle
from deployer.local.author import local_author
from deployer.local.settings import world_settings
from deployer.manifest.contract import refused_secrets
from deployer.manifest.identity import Identity, identity_of
from deployer.manifest.load import Loaded, load
from deployer.manifest.model import Manifest
from deployer.project import manifest_path
from deployer.run.look import Run
from deployer.targets.registry import open_target
from deployer.verbs.check import refuse_contract_problems
from deployer.verbs.known import known_manifest
from deployer.verbs.neighbours import refuse_shared
from deployer.view.progress import Reporter
from deployer.world_keys import keys_beside


class Environment(Struct, frozen=True):
    """Everything a verb that talks to AWS needs. `problems` is how many the checked-out manifest has: see known.py."""

    loaded: Loaded
    session: Session
    run: Run
    problems: int = 0

    @property
    def wanted(self) -> Desired:
        return self.run.desired

    def back_to(self, release: str | None, *, with_secrets: bool) -> Environment:
        """The same environment, wanting a recorded release: named by number or commit, or the last healthy one."""
        facts = self.run.observed().with_unrecorded()
        number = None if release is None else release_number(facts.releases, release, self.wanted.environment)
        if number is None and facts.pending and facts.pending.rollback_to:
            number = facts.pending.rollback_to  # a rollback that was stopped is not to be done twice
        runs = facts.service is not None
        entry = rollback.choose(facts.releases, number, self.wanted.environment, runs=runs, with_secrets=with_secrets)
        wish = rollback.wish(self.wanted, entry, with_secrets=with_secrets)
        return replace(self, run=replace(self.run, desired=wish))


def open_session(loaded: Loaded) -> tuple[Session, str]:
    """A session whose account is that of the manifest, and who calls: an ARN, or a name in the local world.

    Raises DeployerError when the manifest is for the local world and that is not running.
    """
    return open_identity(identity_of(loaded.manifest, loaded.path))


def open_identity(identity: Identity) -> tuple[Session, str]:
    """The same for an environment of which only the identity is known."""
    refuse_stopped_world(identity)
    session = Session(identity.account, identity.region, identity.endpoint, keys_beside(identity.path))
    return session, _caller(identity, session.check())


def refuse_stopped_world(identity: Identity) -> None:
    """Raises DeployerError when the environment is of a local world that does not run."""
    if identity.endpoint is None:
        return
    port, root = urlsplit(identity.endpoint).port or 80, identity.path.resolve().parent.parent
    if lifecycle.find_usable_at(port, root, identity.path) is None:
        name = identity.environment
        raise DeployerError("the local world is not running", fix=f"just up {name}, or: just reconcile {name}")


def open_environment(
    name: str,
    report: Reporter,
    *,
    image: str | None = None,
    prune: bool = False,
    start: bool = True,
    only_looks: bool = False,
) -> Environment:
    """Read the manifest, start the local world if the manifest is for it, and confirm the account.

    `image` names one in ECR instead of that of the current commit: by tag, by the start of a commit, or by the number
    of a release. Without `start`, a local world that does not run is
    an error. A verb that `only_looks` may do so beside another manifest that claims the same.
    """
    loaded = load(manifest_path(name))
    refuse_contract_problems(loaded)
    return _opened(loaded, report, image=image, prune=prune, start=start, only_looks=only_looks)


def open_known_environment(name: str, report: Reporter, *, start: bool = True, only_looks: bool = False) -> Environment:
    """The same for a verb that works from the ledger: the manifest may have problems, or be absent.

    With problems nothing of it but names, roles and the like may be used, and a local world is not started.
    """
    known = known_manifest(name, report)
    if not known.problems:
        return _opened(known.loaded, report, start=start, only_looks=only_looks)
    if not only_looks:
        refuse_shared(known.loaded)
    session, who = open_session(known.loaded)
    image = known.loaded.manifest.image
    undeployed = WantedImage(image.repository, "unknown", None, image.keep)
    return Environment(known.loaded, session, _run(known.loaded, session, who, undeployed, report), known.problems)


def _opened(
    loaded: Loaded,
    report: Reporter,
    *,
    image: str | None = None,
    prune: bool = False,
    start: bool,
    only_looks: bool,
) -> Environment:
    if not only_looks:
        refuse_shared(loaded)
    manifest = loaded.manifest
    if manifest.aws.endpoint is not None and start:
        settings = world_settings(loaded)
        _, started = lifecycle.up(settings)
        if started:
            report.step("world", f"started: {settings.summary}")
    else:
        refuse_stopped_world(identity_of(manifest, loaded.path))
    session = Session(manifest.aws.account, manifest.aws.region, manifest.aws.endpoint, keys_beside(loaded.path))
    with ThreadPoolExecutor(1) as aside:  # git is other processes: there is time for the clients meanwhile
        runs_source = manifest.aws.endpoint is not None and (image is None or bool(loaded.app.image.source))
        taken = aside.submit(_snapshot, loaded) if runs_source else None
        arn = session.check()  # in this thread, so that Ctrl-C need not wait for an AWS that does not answer
        if image is not None and not is_tag(image):
            image = _tag(session, manifest, image)
        snapshot = taken.result() if taken else None
    if snapshot and image and image != snapshot.tag:
        snapshot = None
    who = _caller(identity_of(manifest, loaded.path), arn)
    run = _run(loaded, session, who, _image(loaded, snapshot, image), report)
    return Environment(loaded, session, replace(run, image_manifest=snapshot and snapshot.manifest, prune=prune))


def _run(loaded: Loaded, session: Session, who: str, image: WantedImage, report: Reporter) -> Run:
    settings = settings_class(loaded.app, loaded.root)
    target = open_target(loaded.manifest.service.target, session)
    return Run(
        session=session,
        target=target,
        desired=desired(loaded, image, target.description),
        app=loaded.app,
        who=who,
        image_manifest=None,
        report=report,
        examine=partial(refused_secrets, settings) if settings else None,
    )


def _tag(session: Session, manifest: Manifest, image: str) -> str:
    """The tag that a release's number, or the start of a commit means: first among the releases, then in ECR."""
    releases = ledger.read(session.ssm, ledger_path(manifest.app, manifest.environment))
    if tag := released_tag(releases, image, manifest.environment):
        return tag
    return unique_tag(ecr.tags(session.ecr, manifest.image.repository), image) or image


def _caller(identity: Identity, arn: str) -> str:
    """The caller's ARN; the name of this user where the local world's AWS cannot tell who calls."""
    local = identity.endpoint is not None and is_local_caller(arn)
    return local_author(identity.path.resolve().parent) if local else arn


def _snapshot(loaded: Loaded) -> Snapshot:
    settings = world_settings(loaded)
    return take(settings.root, settings.images, loaded.app.image)


def _image(loaded: Loaded, snapshot: Snapshot | None, tag: str | None) -> WantedImage:
    image = loaded.manifest.image
    if snapshot is not None:
        return WantedImage(image.repository, snapshot.tag, snapshot.digest, image.keep, here=True)
    return WantedImage(image.repository, tag or git.commit(loaded.path.resolve().parent), None, image.keep)
