"""The keys and indexes of a table as text."""

from __future__ import annotations

from deployer.resources.dynamodb_table.state import Index, Key, Shape


def render_shape(shape: Shape) -> str:
    """Such as `pk S, sk S; index due: lane S, due N, with since`."""
    return "; ".join([_listed(shape.keys), *(_indexed(index) for index in shape.indexes)])


def _listed(keys: tuple[Key, ...]) -> str:
    return ", ".join(f"{key.name} {key.type}" for key in keys)


def _indexed(index: Index) -> str:
    repeated = f", with {', '.join(index.include)}" if index.include else ""
    return f"index {index.name}: {_listed(index.keys)}{repeated}"
