"""The functions of this kind of resource, gathered for the registry."""

from __future__ import annotations

from typing import Final

from deployer.core.policies.rights import NONE
from deployer.resources.kind import Kind, no_calls, no_names, no_operations
from deployer.resources.ssm_parameters import destroy, rights
from deployer.resources.ssm_parameters.apply import apply_parameter
from deployer.resources.ssm_parameters.change import AdoptParameter, DeleteParameter, PutParameter, RecreateParameter
from deployer.resources.ssm_parameters.desired import desired_variables
from deployer.resources.ssm_parameters.observed import observe_parameters
from deployer.resources.ssm_parameters.plan import plan_parameters
from deployer.resources.ssm_parameters.removals import plan_removals

SSM_PARAMETERS: Final = Kind(
    name="ssm_parameters",
    desired=desired_variables,
    plan=plan_parameters,
    prune=plan_removals,
    changes=(PutParameter, RecreateParameter, AdoptParameter, DeleteParameter),
    calls=NONE,
    observe=observe_parameters,
    apply=apply_parameter,
    reads=rights.reads,
    inspects=no_calls,
    writes=rights.writes,
    repairs=no_calls,
    operates=no_operations,
    named=no_names,
    remains=destroy.remaining_parameters,
    removals=destroy.remove_parameters,
    deletes=frozenset({"parameter", "secret"}),
    delete=destroy.delete_parameter,
)
