"""What exists already, as far as a manifest can be written from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from pydantic import ValidationError

from deployer import names
from deployer.core.facts import ParameterFact, RepositoryFact, ScalingRevision, ServiceFact
from deployer.core.service import ServiceSpec
from deployer.errors import Blocked
from deployer.manifest import limits, rules
from deployer.manifest.model import Aws
from deployer.manifest.rule import PRIVATE_WHY

_IMAGE: Final = re.compile(
    rf"(?P<account>[0-9]{{12}})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    rf"(?P<repository>{limits.REPOSITORY_NAME})(?::(?P<tag>[^:@]+))?(?:@(?P<digest>sha256:[0-9a-f]+))?"
)
_ROLE: Final = re.compile(rf"arn:aws:iam::[0-9]{{12}}:role/(?P<name>{limits.ROLE_NAME})")


class Place(Struct, frozen=True):
    """What the new manifest is called, and where everything it is about is found."""

    app: str
    environment: str
    account: str
    region: str
    endpoint: str | None

    def path_of(self, reference: str) -> str | None:
        """The path of the parameter that App Runner is told to read, by ARN or by name; None for one elsewhere."""
        if reference.startswith("/"):
            return reference
        try:
            arn = names.arn_to_path(reference)
        except names.BadName:
            return None
        return arn.path if (arn.region, arn.account) == (self.region, self.account) else None


class Source(Struct, frozen=True):
    """What a service is made of, by name. `tag` is that of its image, "" when it runs by digest."""

    service: str
    repository: str
    tag: str
    access_role: str
    instance_role: str


class Live(Struct, frozen=True):
    """All of it. `parameters` are those below `parameter_path`; `scalings` the revisions of the service's name."""

    place: Place
    source: Source
    service: ServiceFact
    scalings: tuple[ScalingRevision, ...]
    repository: RepositoryFact | None
    parameter_path: str
    parameters: Mapping[str, ParameterFact]


def source(place: Place, name: str, spec: ServiceSpec) -> Source:
    """The parts of a service by name. Raises Blocked for one that no manifest can describe."""
    if not spec.image:
        raise Blocked(
            f"service {name} is built from source code, not from an image",
            why="a manifest names an image in ECR",
            fix="a service cannot go from one to the other: write a manifest for a new one, with another name",
        )
    image = _IMAGE.fullmatch(spec.image)
    if image is None or (image["account"], image["region"]) != (place.account, place.region):
        raise Blocked(
            f"service {name} does not run an image of ECR in account {place.account}, region {place.region}",
            why=f"it runs {spec.image}",
            fix="push the image to a repository there, and deploy it from there first",
        )
    settings = spec.settings
    if settings.network and settings.network.ingress == "private":
        raise Blocked(
            f"service {name} is private",
            why=f"{PRIVATE_WHY}: the deployer could not prove a release of it",
            fix="make it public first, if it may be",
        )
    return Source(
        name,
        image["repository"],
        image["tag"] or "",
        _role(name, "access", settings.access_role),
        _role(name, "instance", settings.instance_role),
    )


def _role(service: str, kind: str, arn: str) -> str:
    found = _ROLE.fullmatch(arn)
    if found is None:
        raise Blocked(
            f"service {service} has {f'the {kind} role {arn}' if arn else f'no {kind} role'}",
            why="a manifest can name only a role of this account without a path",
            fix=f"give the service such an {kind} role first",
        )
    return found["name"]


def parameter_path(place: Place, spec: ServiceSpec) -> str:
    """Where most of the service's parameters lie; the usual path when no manifest can have one that it reads from."""
    read = [path.rpartition("/")[0] for reference in spec.secrets.values() if (path := place.path_of(reference))]
    paths = [path for path in read if why_not_a_path(place, path) is None]
    if not paths:
        return f"/app-runtime/{place.app}/{place.environment}"
    return Counter(sorted(paths)).most_common(1)[0][0]


def why_not_a_path(place: Place, path: str) -> str | None:
    """Why no manifest can have this parameter path, or None."""
    given = {"account": place.account, "region": place.region, "endpoint": place.endpoint, "parameter_path": path}
    try:
        Aws.model_validate(given)
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)[0]["msg"]
    return next((broken.what for broken in rules.broken({"aws": given})), None)
