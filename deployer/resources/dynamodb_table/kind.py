"""The functions of this kind of resource, gathered for the registry."""

from __future__ import annotations

from typing import Final

from deployer.resources.dynamodb_table import destroy, rights
from deployer.resources.dynamodb_table.apply import apply_table
from deployer.resources.dynamodb_table.change import ChangeTable, CreateTable
from deployer.resources.dynamodb_table.desired import desired_table
from deployer.resources.dynamodb_table.observed import observe_table
from deployer.resources.dynamodb_table.plan import plan_table
from deployer.resources.dynamodb_table.state import KIND as NAME
from deployer.resources.kind import Kind, no_calls, no_removals

DYNAMODB_TABLE: Final = Kind(
    name=NAME,
    desired=desired_table,
    plan=plan_table,
    prune=no_removals,
    changes=(CreateTable, ChangeTable),
    calls=rights.CALLS,
    observe=observe_table,
    apply=apply_table,
    reads=rights.reads,
    inspects=no_calls,
    writes=rights.writes,
    repairs=no_calls,
    operates=rights.operates,
    named=destroy.named_table,
    remains=destroy.remaining_table,
    removals=destroy.remove_table,
    deletes=frozenset({"table"}),
    delete=destroy.delete_table,
)
