"""The existing service, as far as a manifest can be written from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from pydantic import ValidationError

from deployer import names
from deployer.core.observed import ObservedParameter, ObservedRepository, ObservedService, ScalingRevision
from deployer.core.service import ServiceSpec
from deployer.core.target import Description
from deployer.errors import Blocked
from deployer.manifest import limits, rules
from deployer.manifest.model import Aws

_IMAGE: Final = re.compile(
    rf"(?P<account>[0-9]{{12}})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    rf"(?P<repository>{limits.REPOSITORY_NAME})(?::(?P<tag>[^:@]+))?(?:@(?P<digest>sha256:[0-9a-f]+))?"
)


class Place(Struct, frozen=True):
    """The names of the new manifest, and the account, region and path of everything it describes."""

    app: str
    environment: str
    account: str
    region: str
    endpoint: str | None

    def path_of(self, reference: str) -> str | None:
        """The path of the parameter that the service reads, by ARN or name; None outside this account and region."""
        if reference.startswith("/"):
            return reference
        try:
            arn = names.arn_to_path(reference)
        except names.BadName:
            return None
        return arn.path if (arn.region, arn.account) == (self.region, self.account) else None


class Source(Struct, frozen=True):
    """The names of what a service is made of. `tag` is the tag of its image, "" when it runs by digest."""

    service: str
    repository: str
    tag: str


class Live(Struct, frozen=True):
    """The live state to adopt. `parameters` are those below `parameter_path`, `scalings` the revisions of its name."""

    target: Description
    place: Place
    source: Source
    service: ObservedService
    scalings: tuple[ScalingRevision, ...]
    repository: ObservedRepository | None
    parameter_path: str
    parameters: Mapping[str, ObservedParameter]


def source(place: Place, name: str, spec: ServiceSpec, target: Description) -> Source:
    """The names of what a service is made of. Raises Blocked for anything that a manifest cannot describe."""
    target.adoption().refuse(name, spec)
    image = _IMAGE.fullmatch(spec.image)
    if image is None or (image["account"], image["region"]) != (place.account, place.region):
        raise Blocked(
            f"service {name} does not run an image of ECR in account {place.account}, region {place.region}",
            why=f"it runs {spec.image}",
            fix="push the image to a repository there, and deploy it from there first",
        )
    return Source(name, image["repository"], image["tag"] or "")


def parameter_path(place: Place, spec: ServiceSpec) -> str:
    """The path of most of the service's parameters; the usual path when a manifest cannot use any path it reads."""
    read = [path.rpartition("/")[0] for reference in spec.secrets.values() if (path := place.path_of(reference))]
    paths = [path for path in read if why_not_a_path(place, path) is None]
    if not paths:
        return f"/app-runtime/{place.app}/{place.environment}"
    return Counter(sorted(paths)).most_common(1)[0][0]


def why_not_a_path(place: Place, path: str) -> str | None:
    """Why a manifest cannot use this parameter path, or None."""
    given = {"account": place.account, "region": place.region, "endpoint": place.endpoint, "parameter_path": path}
    try:
        Aws.model_validate(given)
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)[0]["msg"]
    return next((broken.what for broken in rules.broken({"aws": given})), None)
