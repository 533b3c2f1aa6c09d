"""The verbs of the image: `deployer image build` and `deployer image push`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deployer.cli.command import Group, Options, Parser, Verb, accepts_json, names_environment
from deployer.cli.terminal import out
from deployer.view.progress import Reporter

if TYPE_CHECKING:
    from deployer.view.documents.image import ImageDocument


def _build_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--base", metavar="IMAGE", help="the base image; the Dockerfile's when left out")
    parser.add_argument("--tool", metavar="NAME", help="docker, podman or buildah; the first that works when left out")
    accepts_json(parser, "image")


def _push_options(parser: Parser) -> None:
    _build_options(parser)
    parser.add_argument("--create-repository", action="store_true", help="make the repository if ECR has none")


def _build(options: Options) -> int:
    from deployer.verbs.image.build import BuildOptions, build_image

    asked = BuildOptions(environment=options.environment, base=options.base or "", tool=options.tool)
    return _show(options, build_image(asked, Reporter(sys.stderr)))


def _push(options: Options) -> int:
    from deployer.verbs.image.push import PushOptions, push_image

    asked = PushOptions(
        environment=options.environment,
        base=options.base or "",
        tool=options.tool,
        create_repository=options.create_repository,
    )
    return _show(options, push_image(asked, Reporter(sys.stderr)))


def _show(options: Options, made: ImageDocument) -> int:
    from deployer.view.image_text import render_image
    from deployer.view.json_text import as_json

    out(as_json(made) if options.json else render_image(made))
    return 0


IMAGE = {
    "build": Verb("build the image of the commit, and leave it with docker, podman or buildah", _build_options, _build),
    "push": Verb("build the image of the commit and push it to ECR, unless it is there", _push_options, _push),
}
VERBS = {"image": Group("the image of the commit: build it, push it; neither verb deploys", IMAGE)}
