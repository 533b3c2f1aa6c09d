"""The status of an environment as text."""

from __future__ import annotations

from datetime import datetime

from deployer.core.desired import short_tag
from deployer.core.person import person_name
from deployer.core.readiness import plain
from deployer.errors import as_typed
from deployer.view.documents.status import StatusDocument
from deployer.view.drift_text import line
from deployer.view.health_text import backlog, short_image
from deployer.view.times import ago


def render(found: StatusDocument, now: datetime) -> str:
    """A line for each fact; below each trouble its fix."""
    number = f"{found.number} ({found.release})" if found.number else f"{found.release} (not recorded)"
    rows = [
        ("service", f"{found.service} at {found.url}" if found.service else "there is none"),
        ("state", found.state),
        ("answers", found.answers),
        ("messages", backlog(found.waiting, found.given_up, found.oldest_seconds)),
        ("release", f"{number}, image {_image(found.image or '')}" if found.release else "none runs"),
        ("since", _since(found, now)),
        ("failed", _failed(found, now)),
        ("operation", f"{found.operation} (--follow waits for its end)" if found.operation else "none under way"),
        ("lock", found.lock or "free"),
        ("held", f"{found.hold} (just resume {found.environment})" if found.hold else ""),
        ("staged", "; ".join(line(item, now) for item in found.staged) or "nothing"),
        ("drift", "; ".join(line(item, now) for item in found.drift) or "none"),
        ("manifest", _manifest(found)),
        ("edits", _edits(found)),
        ("blocked", "; ".join(blocked.what for blocked in found.blocked)),
        *(("problem", f"{trouble.what}; fix: {trouble.fix}") for trouble in found.troubles),
    ]
    title = f"{found.app} / {found.environment}"
    return "\n".join([title, *(f"  {name.ljust(9)}  {as_typed(plain_line(text))}" for name, text in rows if text)])


def plain_line(text: str) -> str:
    """Text without characters that a terminal obeys, at its full length."""
    return "".join(plain(letter) for letter in text)


def _manifest(found: StatusDocument) -> str:
    count = found.manifest_problems
    if not count:
        return ""
    return f"invalid: {count} problem{'s' if count > 1 else ''}, see just check {found.environment}"


def _edits(found: StatusDocument) -> str:
    if found.edits is None:
        return ""
    return f"{found.edits} to apply: just plan {found.environment}" if found.edits else "none"


def _since(found: StatusDocument, now: datetime) -> str:
    if not found.since:
        return ""
    return f"{ago(found.since, now)} by {person_name(found.by or '')}, commit {short_tag(found.tag or '')}"


def _image(image: str) -> str:
    """The beginning of a digest; for an image that is named by a tag, its repository and tag."""
    return image[7:19] if image.startswith("sha256:") else short_image(image)


def _failed(found: StatusDocument, now: datetime) -> str:
    failed = found.failed
    if failed is None:
        return ""
    which = f"release {failed.number} ({failed.release})" if failed.number else "the deployment"
    if failed.number is None and failed.release is not None:
        which = f"release {failed.release}"
    return f"{which}{f', {ago(failed.when, now)}' if failed.when else ''}: {failed.why}"
