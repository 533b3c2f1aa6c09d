"""Render the manifest of an existing service as the text of a file for people to edit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from deployer.core.adoption.choice import AdoptedVariable, Choice, OmittedVariable
from deployer.core.adoption.expected import expected_changes
from deployer.core.adoption.live import Live
from deployer.core.adoption.yaml import word
from deployer.manifest import edit
from deployer.view.adoption_text import expectation, fix, note, shown_name, why

WIDTH = 120
KEEP = 30


def manifest_text(live: Live, choice: Choice, *, keep: int = KEEP) -> str:
    """The whole file; `load.parse` checks whether it is valid. `keep` is the number of images."""
    left = choice.left
    return "\n".join(
        [
            *_head(live, choice),
            *_place(live, keep),
            *_service(live),
            *_variables(live, choice.taken),
            *_left(live, left),
            "",
        ]
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
    for change in expected_changes(live, choice):
        yield from _comment(expectation(change, place.environment), mark="- ")
    yield f"app: {word(place.app)}"
    yield f"environment: {word(place.environment)}"
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
    yield f"  repository: {word(live.source.repository)}"
    yield f"  keep: {keep}"
    yield ""


def _service(live: Live) -> Iterator[str]:
    yield "service:"
    yield f"  target: {live.target.name}"
    yield f"  name: {word(live.source.service)}"
    yield from (f"  {line}" for line in live.target.adoption().section(live.service))
    yield "  on_unhealthy: rollback"
    yield ""
    yield "# A person types the environment's name before anything changes. `branches: [main]` allows one branch only."
    yield "protect: {confirm: true, branches: []}"
    yield ""


def _variables(live: Live, taken: Sequence[AdoptedVariable]) -> Iterator[str]:
    yield "# A literal is edited here. It holds no secret: no SecureString was decrypted to write this file."
    yield "variables:" if taken else "variables: {}"
    for one in taken:
        for remark in one.notes:
            yield from _comment(note(remark, one.name, live.place.environment), indent="  ")
        description = one.description or None
        if one.value is None:
            entry = edit.secret(generate=None, description=description, extra=one.extra)
        else:
            store = None if one.store == "parameter" else one.store
            entry = edit.literal(one.value, store=store, description=description, extra=one.extra)
        yield f"  {word(one.name)}: {entry}"


def _left(live: Live, left: Sequence[OmittedVariable]) -> Iterator[str]:
    for reaches, title in (
        (True, "Left out, though the service has it now; the next deployment removes it:"),
        (False, "Left out, and left alone:"),
    ):
        if some := [one for one in left if one.reaches == reaches]:
            yield ""
            yield from _comment(title)
            for one in some:
                text = f"{shown_name(one.name)}: {why(one.reason)}; {fix(one.fix, live.place.environment)}"
                yield from _comment(text, mark="- ")


def _comment(text: str, *, mark: str = "", indent: str = "") -> list[str]:
    first = f"{indent}# {mark}"
    after = f"{indent}# {' ' * len(mark)}"
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )
