"""Every command of the documentation, typed in order, against the local world."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import chain

import pytest

from tests.docs.pages import PAGES, blocks, shell
from tests.docs.world import TOOLS, World, missing_tools
from tests.e2e import aws

pytestmark = [pytest.mark.timeout(400), pytest.mark.skipif(missing_tools(), reason=TOOLS)]

# Pages that start without a world, or stop it, have a world of their own.
ALONE = (
    "README.md",
    "docs/how-to/set-up-by-hand.md",
    "docs/reference/local-world.md",
    "docs/tutorial/from-nothing-to-staging.md",
)
# A project of its own: tests/docs/test_another_service.py types its commands.
ELSEWHERE = ("docs/how-to/deploy-another-service.md",)
ONE_SHELL = ("docs/how-to/set-up-by-hand.md",)  # later blocks use the variables of earlier ones
TOGETHER = tuple(page for page in PAGES if page not in (*ALONE, *ELSEWHERE) and shell(page))
NOT_RUN = {
    "git clone https://github.com/ansari-project/ansari-whatsapp.git": "the tests copy the checkout instead",
    "cd ansari-whatsapp": "as above",
    "git pull": "the copy has no remote",
    "./just test": "it runs this test",
    "just image build staging": "it takes a base image from a registry: tests/image builds with another one",
    "just image push staging": "as above",
    "docker build --platform linux/amd64 --build-arg REVISION=$(git rev-parse HEAD) .": "as above",
    "docker build --platform linux/amd64 --tag $repository:$(git rev-parse HEAD) .": "as above",
    "docker push $repository:$(git rev-parse HEAD)": "as above",
    "aws ecr get-login-password | docker login --username AWS --password-stdin ${repository%/*}": "as above",
    "aws apprunner create-service --cli-input-json file://service.json": "it needs that image",
}


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("documented"))
    world.settle()
    yield world
    world.close()


@pytest.mark.parametrize("page", TOGETHER)
def test_the_commands_of_a_page(settled: World, page: str) -> None:
    settled.tidy()
    _type(settled, page)


@pytest.mark.parametrize("page", [page for page in ALONE if page in PAGES])
def test_the_commands_of_a_page_that_starts_from_nothing(tmp_path_factory: pytest.TempPathFactory, page: str) -> None:
    world = World(tmp_path_factory.mktemp("documented"), cold=page == "README.md")
    try:
        shown = _type(world, page)
    finally:
        world.close()
    if page == "README.md":
        _assert_sample(shown)


def test_each_command_that_is_not_run_is_on_a_page() -> None:
    typed = {line for page in PAGES for block in shell(page) for line in block.commands}
    assert NOT_RUN.keys() <= typed


def _type(world: World, page: str) -> str:
    """Type the page's commands. Returns what the terminal showed."""
    shown = ""
    for commands in _shells(page):
        lines = [_here(world, line) for line in commands if _can_run(line)]
        if lines:
            shown += world.run(*map(_ending, lines), typed=tuple(_answers(commands)))
    return shown


def _assert_sample(shown: str) -> None:
    """The README's sample of a plan, which is shortened, has only lines that the command showed."""
    sample = next(block.text for block in blocks("README.md") if block.kind == "text")
    lines = set(map(_comparable, shown.splitlines()))
    assert [line for line in sample.splitlines() if _comparable(line) not in lines | {"", "..."}] == []


def _comparable(line: str) -> str:
    """A line without colours, column widths, and the ids and ports that differ between two runs."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    return " ".join(re.sub(r"\b[0-9a-f]{12}\b|(?<=127\.0\.0\.1:)\d+", "ID", plain).split())


def _shells(page: str) -> Iterator[tuple[str, ...]]:
    """The commands that are typed into the same shell: those of a block, or of the whole page."""
    found = [block.commands for block in shell(page)]
    yield from [tuple(chain(*found))] if page in ONE_SHELL else found


def _can_run(line: str) -> bool:
    return line not in NOT_RUN and (
        not re.match(r"(?:\w+=\$\()?aws |openssl .*\| aws ", line) or shutil.which("aws") is not None
    )


def _here(world: World, line: str) -> str:
    """The command with the ports of this world, and an existing value for each placeholder in capitals."""
    for known, free in world.checkout.ports.items():
        line = line.replace(f"127.0.0.1:{known}", f"127.0.0.1:{free}")
    if line.startswith("just adopt "):
        line += f" --endpoint {world.checkout.endpoint}"  # there is no manifest yet that could name it
    if " ID" in line:
        line = re.sub(r" ID\b", f" {_last_operation(world)}", line)
    if " FILE" in line:
        (world.checkout.root / "inbox").mkdir(exist_ok=True)  # a folder that git ignores
        (world.checkout.root / "inbox" / "value").write_text("a-value-from-a-file")
        line = re.sub(r" FILE\b", " inbox/value", line)
    if " .env" in line:
        (world.checkout.root / ".env").write_text("META_APP_SECRET=a-value-from-a-dotenv-file\nOTHER=1\n")
    return line


def _ending(line: str) -> str:
    """The command, interrupted after a while if it would run indefinitely."""
    follows = line.startswith("just logs ") and "--follow" in line
    return f"timeout --signal=INT 4 {line} || [ $? -eq 124 ]" if follows else line


def _answers(commands: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for line in commands:
        words = line.split()
        if words[:3] == ["just", "secret", "set"] and "--file" not in words:
            value = "15550002222" if words[4] == "meta-business-phone-number-id" else f"typed-for-{words[4]}"
            yield from ((f"{words[4]}: ", value), ("once more: ", value))
        elif words[:3] == ["just", "secret", "unset"]:
            yield f"Type {words[4]} to delete it", words[4]
        elif words[:3] == ["just", "secret", "show"]:
            yield "Show it?", "y"
        elif words[:2] == ["just", "destroy"]:
            yield "Type the service's name", f"ansari-{words[2]}-whatsapp"
        elif words[:2] == ["just", "rollback"]:
            yield "[y/N]", "y"
        elif words[:2] == ["just", "resume"]:
            yield "Lift it?", "y"
        elif words[:2] == ["just", "promote"] and words[3] == "production":
            yield "[production]", "production"


def _last_operation(world: World) -> str:
    client = aws.apprunner(world.checkout)
    arns = {one["ServiceName"]: one["ServiceArn"] for one in client.list_services()["ServiceSummaryList"]}
    operations = client.list_operations(ServiceArn=arns["ansari-staging-whatsapp"])["OperationSummaryList"]
    return str(operations[0]["Id"])
