"""The variable that the deployer sets for the inbox of a manifest, and the conflicts of that section. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from deployer import names
from deployer.manifest.load import LoadedManifest
from deployer.manifest.problem import Problem
from deployer.project import PROJECT_FILE


class InboxVariable(Struct, frozen=True):
    """The variable, and the address of the inbox in it."""

    variable: str
    address: str


def inbox_variable(loaded: LoadedManifest) -> InboxVariable | None:
    """The variable that the deployer sets; None where the manifest has no inbox, or the service knows none."""
    app, section = loaded.app.inbox, loaded.manifest.inbox
    if app is None or section is None:
        return None
    address = app.address.format(table=section.table, region=loaded.manifest.aws.region)
    return InboxVariable(names.variable(app.variable), address)


def inbox_problems(loaded: LoadedManifest) -> Iterator[Problem]:
    """The conflicts of the section with deployer.yaml and with the variables."""
    if loaded.manifest.inbox is None:
        return
    app = loaded.app.inbox
    if app is None:
        yield loaded.problem(
            "inbox",
            what="the service has no inbox that its instances can share",
            why=f"{PROJECT_FILE} does not describe one",
            fix=f"delete `inbox`, or describe it below inbox in {PROJECT_FILE}",
        )
        return
    for name in app.needs:
        if name not in loaded.manifest.variables:
            yield loaded.problem(
                "inbox",
                what=f"{name} is missing",
                why=f"with an inbox, the service does not start without {names.variable(name)}",
                fix=f"add `{name}: {{kind: secret, generate: 32}}` to variables",
            )
    if app.variable in loaded.manifest.variables:
        yield loaded.problem(
            "variables",
            app.variable,
            what=f"{app.variable} is set by the deployer",
            why="the manifest has an inbox, and this is the variable with its address",
            fix=f"delete {app.variable}, or delete `inbox`",
        )


def separate_inboxes(loaded: LoadedManifest) -> int:
    """How many instances may each keep an inbox of its own, 0 where they share one or there is only one instance."""
    most = loaded.manifest.service.most_instances
    apart = loaded.app.inbox is not None and loaded.manifest.inbox is None
    return most if apart and most > 1 else 0
