"""Words that mean one thing everywhere."""

import ast

import pytest

from docs import rooms

FUNCTIONS = [
    pytest.param(node, id=f"{module}.{node.name}")
    for module, path in rooms.modules().items()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.FunctionDef) and node.name.lstrip("_").split("_")[0] == "check"
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_called_check_raises_and_returns_nothing(function):
    assert ast.unparse(function.returns) == "None"
    assert not [node for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]


def test_there_are_checks():
    assert len(FUNCTIONS) >= 8
