"""The verbs of the image: `deployer image build` and `deployer image push`."""

from __future__ import annotations

import sys

from deployer.cli.command import Group, Options, Parser, Verb, as_json, loaded, names_environment
from deployer.cli.terminal import out
from deployer.view.progress import Reporter


def _build_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--base", metavar="IMAGE", default=None, help="the base image; the Dockerfile's when left out")
    parser.add_argument("--tool", metavar="NAME", help="docker, podman or buildah; the first that works when left out")
    as_json(parser, "image")


def _push_options(parser: Parser) -> None:
    _build_options(parser)
    parser.add_argument("--create-repository", action="store_true", help="make the repository if ECR has none")


def _build(options: Options) -> int:
    from deployer.verbs import image

    made = image.build(loaded(options), Reporter(sys.stderr), base=options.base or "", tool=options.tool)
    out(image.show(made, as_json=options.json))
    return 0


def _push(options: Options) -> int:
    from deployer.verbs import image

    made = image.push(
        loaded(options),
        Reporter(sys.stderr),
        base=options.base or "",
        tool=options.tool,
        create=options.create_repository,
    )
    out(image.show(made, as_json=options.json))
    return 0


IMAGE = {
    "build": Verb("build the image of the commit, and leave it with docker, podman or buildah", _build_options, _build),
    "push": Verb("build the image of the commit and push it to ECR, unless it is there", _push_options, _push),
}
VERBS = {"image": Group("the image of the commit: build it, push it; neither verb deploys", IMAGE)}
