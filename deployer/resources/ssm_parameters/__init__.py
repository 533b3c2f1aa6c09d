"""The SSM parameters below the environment's path, and how the service is given its variables."""

from __future__ import annotations

from typing import Final

from deployer.core.change import AdoptParameter, DeleteParameter, PutParameter, RecreateParameter, ServiceVariable
from deployer.resources.kind import Kind, no_calls
from deployer.resources.ssm_parameters import destroy, rights
from deployer.resources.ssm_parameters.apply import apply_variable
from deployer.resources.ssm_parameters.observed import observe_parameters

KIND: Final = Kind(
    name="ssm_parameters",
    changes=(PutParameter, RecreateParameter, AdoptParameter, ServiceVariable, DeleteParameter),
    observe=observe_parameters,
    apply=apply_variable,
    reads=rights.reads,
    inspects=no_calls,
    writes=rights.writes,
    repairs=no_calls,
    remains=destroy.remaining_parameters,
    removals=destroy.remove_parameters,
    deletes=frozenset({"parameter", "secret"}),
    delete=destroy.delete_parameter,
)
