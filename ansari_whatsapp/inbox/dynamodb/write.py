"""Build an UpdateItem: what it assigns, and the condition under which it does."""

from __future__ import annotations

from typing import Any

from ansari_whatsapp.inbox.dynamodb.attributes import Value, number


class Write:
    """An UpdateItem of one item. A path is an attribute's name, with a dot before the name of a field in a map."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Value] = {}
        self._set: list[str] = []
        self._assigned: set[str] = set()
        self._removed: list[str] = []
        self._conditions: list[str] = []

    @property
    def empty(self) -> bool:
        return not self._set and not self._removed

    def set(self, path: str, value: Value) -> None:
        self._assigned.add(path)
        self._set.append(f"{self._path(path)} = {self._value(value)}")

    def set_if_absent(self, path: str, value: Value) -> None:
        name = self._path(path)
        self._set.append(f"{name} = if_not_exists({name}, {self._value(value)})")

    def append(self, path: str, value: Value) -> None:
        """Append a list to a list that exists."""
        name = self._path(path)
        self._set.append(f"{name} = list_append({name}, {self._value(value)})")

    def add(self, path: str, other: str) -> None:
        """Add one attribute to another; an absent one counts as 0."""
        name, zero = self._path(path), self._value(number(0))
        self._set.append(f"{name} = if_not_exists({name}, {zero}) + if_not_exists({self._path(other)}, {zero})")

    def grow(self, path: str, amount: float) -> None:
        """Add a number; an absent attribute counts as 0."""
        name = self._path(path)
        self._set.append(f"{name} = if_not_exists({name}, {self._value(number(0))}) + {self._value(number(amount))}")

    def count(self, path: str) -> None:
        """Add 1; an absent number counts as 0."""
        self.grow(path, 1)

    def remove(self, *paths: str) -> None:
        """Remove attributes, except those that are set."""
        self._removed += paths

    def when(self, *conditions: str) -> None:
        """Write only if all of these hold."""
        self._conditions += conditions

    def exists(self, path: str) -> str:
        return f"attribute_exists({self._path(path)})"

    def absent(self, path: str) -> str:
        return f"attribute_not_exists({self._path(path)})"

    def compare(self, path: str, operator: str, value: Value) -> str:
        return f"{self._path(path)} {operator} {self._value(value)}"

    def size(self, path: str, operator: str, count: int) -> str:
        return f"size({self._path(path)}) {operator} {self._value(number(count))}"

    def request(self, table: str, key: dict[str, Value], returns: str = "NONE") -> dict[str, Any]:
        """The arguments of UpdateItem. `returns` is what it returns of the item: NONE or ALL_NEW."""
        parts = [f"SET {', '.join(self._set)}"] if self._set else []
        if removed := [self._path(path) for path in dict.fromkeys(self._removed) if path not in self._assigned]:
            parts.append(f"REMOVE {', '.join(removed)}")
        made: dict[str, Any] = {
            "TableName": table,
            "Key": key,
            "UpdateExpression": " ".join(parts),
            "ExpressionAttributeNames": self._names,
            "ConditionExpression": " AND ".join(f"({condition})" for condition in self._conditions),
            "ReturnValues": returns,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if self._values:
            made["ExpressionAttributeValues"] = self._values
        return made

    def _path(self, path: str) -> str:
        """The path by placeholders: `due` and many other words are reserved, or hold a dash."""
        steps = []
        for step in path.split("."):
            base, bracket, index = step.partition("[")
            name = next((name for name, known in self._names.items() if known == base), f"#{len(self._names)}")
            self._names[name] = base
            steps.append(name + bracket + index)
        return ".".join(steps)

    def _value(self, value: Value) -> str:
        name = next((name for name, known in self._values.items() if known == value), f":{len(self._values)}")
        self._values[name] = value
        return name
