"""Compiling and running expressions."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster import cel

SCHEMA = {
    "type": "object",
    "properties": {
        "replicas": {"type": "integer"},
        "maxReplicas": {"type": "integer"},
        "a-b": {"type": "number"},
        "names": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
    },
}


def self_type() -> cel.Type:
    found = cel.types.from_schema(SCHEMA)
    assert found is not None
    return found


def run(text: str, **fields: Any) -> Any:
    return cel.compile(text, {"self": self_type()}).evaluate({"self": fields})


def test_a_rule_reads_typed_fields() -> None:
    assert run("self.replicas <= self.maxReplicas", replicas=1, maxReplicas=2) is True
    assert run("self.a__dash__b + 0.5", **{"a-b": 1}) == 1.5
    assert run("self.names == ['b', 'a']", names=["a", "b"]) is True


def test_an_unknown_field_is_shown_with_its_place() -> None:
    with pytest.raises(cel.CompileError) as raised:
        cel.compile("self.x", {"self": self_type()})
    assert str(raised.value) == "ERROR: <input>:1:5: undefined field 'x'\n | self.x\n | ....^"


def test_a_missing_value_is_no_such_key() -> None:
    with pytest.raises(cel.EvaluationError, match=r"^no such key: replicas$"):
        run("self.replicas > 1")


def test_or_absorbs_an_error_on_either_side() -> None:
    assert run("1 / 0 > 0 || true") is True
    assert run("true || 1 / 0 > 0") is True
    assert run("false && 1 / 0 > 0") is False
    with pytest.raises(cel.Failure, match="division by zero"):
        run("1 / 0 > 0 || false")


def test_what_costs_too_much_is_cancelled() -> None:
    program = cel.compile("self.all(x, self.all(y, self.all(z, x + y + z > 0)))", {"self": cel.types.DYN})
    with pytest.raises(cel.Cancelled, match=r"^operation cancelled: actual cost limit exceeded$"):
        program.evaluate({"self": list(range(1, 200))})


def test_a_budget_is_shared() -> None:
    budget = cel.Budget(100)
    program = cel.compile("[1, 2, 3].map(x, x * 2)", {})
    program.evaluate({}, budget)
    assert budget.remaining == 57
    program.evaluate({}, budget)
    with pytest.raises(cel.BudgetExhausted):
        program.evaluate({}, budget)
