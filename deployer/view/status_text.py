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


def render(status: StatusDocument, now: datetime) -> str:
    """A line for each fact; below each trouble its fix."""
    number = f"{status.number} ({status.release})" if status.number else f"{status.release} (not recorded)"
    rows = [
        ("service", f"{status.service} at {status.url}" if status.service else "there is none"),
        ("state", status.state),
        ("answers", status.answers),
        ("messages", backlog(status.waiting, status.given_up, status.oldest_seconds)),
        ("release", f"{number}, image {_image(status.image or '')}" if status.release else "none runs"),
        ("since", _since(status, now)),
        ("failed", _failed(status, now)),
        ("operation", f"{status.operation} (--follow waits for its end)" if status.operation else "none under way"),
        ("lock", status.lock or "free"),
        ("held", f"{status.hold} (just resume {status.environment})" if status.hold else ""),
        ("staged", "; ".join(line(item, now) for item in status.staged) or "nothing"),
        ("drift", "; ".join(line(item, now) for item in status.drift) or "none"),
        ("manifest", _manifest(status)),
        ("edits", _edits(status)),
        ("blocked", "; ".join(blocked.what for blocked in status.blocked)),
        *(("problem", f"{trouble.what}; fix: {trouble.fix}") for trouble in status.troubles),
    ]
    title = f"{status.app} / {status.environment}"
    return "\n".join([title, *(f"  {name.ljust(9)}  {as_typed(plain_line(text))}" for name, text in rows if text)])


def plain_line(text: str) -> str:
    """Text without characters that a terminal obeys, at its full length."""
    return "".join(plain(letter) for letter in text)


def _manifest(status: StatusDocument) -> str:
    count = status.manifest_problems
    if not count:
        return ""
    return f"invalid: {count} problem{'s' if count > 1 else ''}, see just check {status.environment}"


def _edits(status: StatusDocument) -> str:
    if status.edits is None:
        return ""
    return f"{status.edits} to apply: just plan {status.environment}" if status.edits else "none"


def _since(status: StatusDocument, now: datetime) -> str:
    if not status.since:
        return ""
    return f"{ago(status.since, now)} by {person_name(status.by or '')}, commit {short_tag(status.tag or '')}"


def _image(image: str) -> str:
    """The beginning of a digest; for an image that is named by a tag, its repository and tag."""
    return image[7:19] if image.startswith("sha256:") else short_image(image)


def _failed(status: StatusDocument, now: datetime) -> str:
    failed = status.failed
    if failed is None:
        return ""
    which = f"release {failed.number} ({failed.release})" if failed.number else "the deployment"
    if failed.number is None and failed.release is not None:
        which = f"release {failed.release}"
    return f"{which}{f', {ago(failed.when, now)}' if failed.when else ''}: {failed.why}"
