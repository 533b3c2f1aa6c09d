"""Read the table that the manifest names."""

from __future__ import annotations

from msgspec.structs import replace

from deployer.core.observed import Observed
from deployer.resources.dynamodb_table import api
from deployer.resources.dynamodb_table.desired import table_of
from deployer.resources.dynamodb_table.state import KIND
from deployer.resources.kind import Collect, Reading


def observe_table(reading: Reading) -> Collect:
    """The table with its settings; no entry when it does not exist, or when the manifest names none."""
    table = table_of(reading.desired)
    if table is None:
        return lambda observed: observed
    reading_table = reading.pool.submit(api.read_table, api.open_client(reading.session), table.name)

    def collect(observed: Observed) -> Observed:
        live = reading_table.result()
        return replace(observed, resources={**observed.resources, KIND: live}) if live else observed

    return collect
