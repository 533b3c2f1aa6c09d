"""Read the table that the manifest names."""

from __future__ import annotations

from msgspec.structs import replace

from deployer.aws import dynamodb
from deployer.core.facts import Facts
from deployer.core.table import KIND
from deployer.resources.dynamodb_table.desired import table_of
from deployer.resources.kind import Collect, Reading


def observe_table(reading: Reading) -> Collect:
    """The table with its settings; no entry when it does not exist, or when the manifest names none."""
    table = table_of(reading.desired)
    if table is None:
        return lambda facts: facts
    found = reading.pool.submit(dynamodb.read_table, reading.session.dynamodb, table.name)

    def collect(facts: Facts) -> Facts:
        fact = found.result()
        return replace(facts, resources={**facts.resources, KIND: fact}) if fact else facts

    return collect
