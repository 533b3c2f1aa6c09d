"""Names in the deployer: nouns for data, verbs for functions."""

from __future__ import annotations

import ast

from tests.architecture.test_imports import ROOT, sources


def test_no_function_is_named_after_its_module() -> None:
    """Such a function takes the name that its result needs in the caller: `image = image(...)`."""
    assert not [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in sources("deployer")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name == (path.parent.name if path.name == "__init__.py" else path.stem)
    ]
