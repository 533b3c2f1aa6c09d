"""The manifest of what exists already, as the text of a file that people go on editing."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence

from msgspec.structs import asdict

from deployer.core.adoption.expected import expected, why_no_command
from deployer.core.adoption.live import Live
from deployer.core.adoption.variables import Choice, LeftOut, Taken
from deployer.core.service import Network
from deployer.manifest import edit
from deployer.manifest.scalars import read_plain

WIDTH = 120
KEEP = 30


def manifest_text(live: Live, choice: Choice, *, keep: int = KEEP) -> str:
    """The whole file. Whether it is a valid manifest is for `load.parse` to say. `keep` is the number of images."""
    left = choice.left
    return "\n".join(
        [*_head(live, choice), *_place(live, keep), *_service(live), *_variables(choice.taken), *_left(left), ""]
    )


def _head(live: Live, choice: Choice) -> Iterator[str]:
    place = live.place
    yield "# yaml-language-server: $schema=./manifest.schema.json"
    yield from _comment(
        f"Written by `just adopt {place.environment}` from the service {live.source.service} and the parameters below "
        f"{live.parameter_path}, as they were then. Nothing in AWS was changed."
    )
    yield "#"
    yield from _comment(f"What `just plan {place.environment}` still shows, because it was not set by hand:")
    for sentence in expected(live, choice):
        yield from _comment(sentence, mark="- ")
    yield f"app: {_word(place.app)}"
    yield f"environment: {_word(place.environment)}"
    yield ""


def _place(live: Live, keep: int) -> Iterator[str]:
    place = live.place
    yield "aws:"
    yield f'  account: "{place.account}"'
    yield f"  region: {place.region}"
    yield f"  parameter_path: {live.parameter_path}"
    if place.endpoint:
        yield f"  endpoint: {place.endpoint}"
    yield ""
    yield "image:"
    yield f"  repository: {_word(live.source.repository)}"
    yield f"  keep: {keep}"
    yield ""


def _service(live: Live) -> Iterator[str]:
    source, settings = live.source, live.service.spec.settings
    words = settings.words()
    yield "service:"
    yield "  target: apprunner"
    yield f"  name: {_word(source.service)}"
    yield f"  cpu: {words['cpu']}"
    yield f"  memory: {words['memory']}"
    yield f"  port: {settings.port}"
    yield f"  health_check: {_flow(asdict(settings.health_check))}"
    yield f"  scaling: {_flow(asdict(settings.scaling))}"
    if settings.command and not why_no_command(settings.command):
        yield f"  command: {_word(settings.command)}"
    yield from _beside(live)
    yield "  # Both roles exist, and may be shared with others: they are not changed from here."
    yield f"  roles: {{access: {_word(source.access_role)}, instance: {_word(source.instance_role)}, managed: false}}"
    yield "  on_unhealthy: rollback"
    yield ""
    yield "# A person types the environment's name before anything changes. `branches: [main]` allows one branch only."
    yield "protect: {confirm: true, branches: []}"
    yield ""


def _beside(live: Live) -> Iterator[str]:
    """Groups that few services have; one with AWS's defaults is left out, and so left as it is."""
    network, observability = live.service.spec.settings.network, live.service.spec.settings.observability
    if network and network != Network():
        connector = f"egress: {{vpc_connector: {_word(network.vpc_connector)}}}, " if network.vpc_connector else ""
        yield (
            f"  network: {{{connector}ingress: {network.ingress}, ip_address_type: {_word(network.ip_address_type)}}}"
        )
    if observability and observability.configuration:
        yield f"  observability: {{configuration: {_word(observability.configuration)}}}"
    if live.service.encryption:
        yield f"  encryption: {{kms_key: {_word(live.service.encryption)}}}"


def _variables(taken: Sequence[Taken]) -> Iterator[str]:
    yield "# A literal is edited here. It holds no secret: no SecureString was decrypted to write this file."
    yield "variables:" if taken else "variables: {}"
    for one in taken:
        for note in one.notes:
            yield from _comment(note, indent="  ")
        description = one.description or None
        if one.value is None:
            entry = edit.secret(generate=None, description=description, extra=one.extra)
        else:
            store = None if one.store == "parameter" else one.store
            entry = edit.literal(one.value, store=store, description=description, extra=one.extra)
        yield f"  {_word(one.name)}: {entry}"


def _left(left: Sequence[LeftOut]) -> Iterator[str]:
    for reaches, title in (
        (True, "Left out, though the service has it now; the next deployment takes it away:"),
        (False, "Left out, and left alone:"),
    ):
        if some := [one for one in left if one.reaches == reaches]:
            yield ""
            yield from _comment(title)
            for one in some:
                yield from _comment(f"{one.name}: {one.why}; {one.fix}", mark="- ")


def _comment(text: str, *, mark: str = "", indent: str = "") -> list[str]:
    first = f"{indent}# {mark}"
    after = f"{indent}# {' ' * len(mark)}"
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )


def _flow(group: dict[str, str | int]) -> str:
    return "{" + ", ".join(f"{k}: {v if isinstance(v, int) else _word(v)}" for k, v in group.items()) + "}"


def _word(text: str) -> str:
    """A text that stays a text: `true` and `12` are names here."""
    return edit.written(text) if isinstance(read_plain(text), str) else json.dumps(text, ensure_ascii=False)
