"""Expressions beside Kubernetes' own CEL: the same types, values, costs and messages.

Recorded by scripts/record-cel.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proa.cluster import cel
from proa.cluster.cel import times, values
from proa.cluster.cel.estimation import sized
from proa.cluster.cel.functions.conversions import double_to_string

_RECORDED = Path(__file__).parent / "golden/expressions-1.37.2.jsonl"
_CASES = [json.loads(line) for line in _RECORDED.read_text().splitlines()]
_PLENTY = 1 << 40


def shown(value: Any) -> str:
    """A value as the recording writes it."""
    for kind, show in _SHOWN:
        if isinstance(value, kind):
            return show(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


_SHOWN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (values.Uint, lambda value: f"{int(value)}u"),
    (float, lambda value: f"double({double_to_string(value)})"),
    (bytes, lambda value: "b" + json.dumps(value.decode())),
    (values.Timestamp, lambda value: f"google.protobuf.Timestamp({times.format_timestamp(value)})"),
    (values.Duration, lambda value: f"google.protobuf.Duration({times.format_duration(value)})"),
    (values.Optional, lambda value: f"optional({shown(value.value)})" if value.present else "optional.none"),
    (list, lambda value: f"[{', '.join(map(shown, value))}]"),
    (cel.Type, lambda value: f"type({'null_type' if value.kind == 'null' else value})"),
)


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """What ours says to a case, in the recording's form."""
    declared = cel.types.from_schema(case["schema"], name="Self") if "schema" in case else cel.types.DYN
    assert declared is not None
    budget = cel.Budget(_PLENTY)
    try:
        program = cel.compile(case["expr"], {"self": declared})
    except cel.CompileError as error:
        return {"compile": str(error)}
    try:
        result = {"value": shown(program.evaluate({"self": case.get("self")}, budget))}
    except cel.EvaluationError as error:
        return {"type": str(program.type), "error": str(error)}
    cost = _PLENTY - budget.remaining
    return {"type": str(program.type), **result, **({"cost": cost} if cost else {})}


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["expr"][:60])
def test_an_expression_gives_what_kubernetes_gives(case: dict[str, Any]) -> None:
    expected = {key: value for key, value in case["answer"].items() if key != "max"}
    if "error" in expected:
        expected.pop("cost", None)
    assert answer(case) == expected


@pytest.mark.parametrize(
    "case", [case for case in _CASES if "max" in case["answer"]], ids=lambda c: c["expr"][:60]
)
def test_an_expression_may_cost_what_kubernetes_thinks(case: dict[str, Any]) -> None:
    schema = case.get("schema")
    declared = cel.types.from_schema(schema, name="Self") if schema else cel.types.DYN
    assert declared is not None

    cost = cel.estimated_cost(case["expr"], {"self": declared}, sized(schema) if schema else None)

    assert str(cost) == case["answer"]["max"]
