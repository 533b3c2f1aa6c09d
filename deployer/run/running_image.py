"""Check that ECR still holds the image of the running release: without it, no new instance can start."""

from __future__ import annotations

import re

from deployer.aws import ecr
from deployer.aws.session import Session
from deployer.core.observed import Observed

ECR_IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^@:]+)(?:@(sha256:[0-9a-f]{64})|:(.+))")


def missing_image(session: Session, observed: Observed) -> str | None:
    """The digest or tag of the running release's image when ECR no longer holds it.

    One call to ECR, none when the observed state already shows it. An image of another registry is not checked.
    """
    match = ECR_IMAGE.fullmatch(observed.service.spec.image) if observed.service else None
    if match is None or (match[1], match[2]) != (session.account, session.region):
        return None
    repository, digest, tag = match[3], match[4], match[5]
    if digest and observed.image and observed.image.digest == digest:
        return None
    return None if ecr.read_image(session.ecr, repository, tag or "", digest) else (digest or tag)
