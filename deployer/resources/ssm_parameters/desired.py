"""The parameters below the environment's path, and the variables that the service holds itself. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from deployer import names
from deployer.core.desired import Desired, DesiredParameter
from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import LiteralVariable, SecretVariable


def desired_variables(desired: Desired, loaded: LoadedManifest) -> Desired:
    """Add the variables of the manifest, each where it is stored, with their lines."""
    parameters: list[DesiredParameter] = []
    plain, lines = dict(desired.plain), dict(desired.lines)
    for name, variable in loaded.manifest.variables.items():
        line = loaded.line("variables", name)
        lines[names.variable(name)] = line
        if isinstance(variable, LiteralVariable) and variable.store == "service":
            plain[names.variable(name)] = variable.text
        else:
            parameters.append(_parameter(name, variable, desired.parameter_path, line))
    return replace(desired, parameters=tuple(parameters), plain=plain, lines=lines)


def _parameter(name: str, variable: LiteralVariable | SecretVariable, root: str, line: str) -> DesiredParameter:
    origin = ""
    if isinstance(variable, SecretVariable):
        if variable.generate:
            origin = f"generate:{variable.generate}"
        elif variable.source:
            origin = variable.source
    return DesiredParameter(
        name=name,
        path=names.join(root, name),
        variable=names.variable(name),
        value=variable.text if isinstance(variable, LiteralVariable) else None,
        origin=origin,
        description=variable.description or "",
        line=line,
    )
