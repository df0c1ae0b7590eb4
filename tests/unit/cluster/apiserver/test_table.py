"""Tables beside the rows that kube-apiserver 1.37.2 printed for the same objects (recorded in golden/)."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.table import partial_metadata, table
from proa.kube.meta import parse_time

GOLDEN = Path(__file__).parent / "golden/tables-1.37.2.jsonl"
CASES: dict[str, dict[str, Any]] = {
    case["name"]: case for case in map(json.loads, GOLDEN.read_text().splitlines())
}
COARSE = ("Age", "Last Seen", "First Seen")
"""Columns in which a second between the two clocks shows."""

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "creationTimestamp": "2025-12-31T23:55:00Z"},
    "spec": {"containers": [{"name": "c"}]},
}


def render(obj: dict[str, Any], include: str = "Metadata", now: dt.datetime = NOW) -> dict[str, Any]:
    kind = KINDS.by_kind(obj["apiVersion"], obj["kind"])
    assert kind is not None
    return table(kind, [obj], include, now)


@pytest.mark.parametrize("name", CASES)
def test_columns_are_upstreams(name: str) -> None:
    definitions = render(CASES[name]["object"])["columnDefinitions"]
    shown = [[column[key] for key in ("name", "type", "priority", "format")] for column in definitions]
    assert shown == CASES[name]["columns"]


@pytest.mark.parametrize("name", CASES)
def test_cells_are_upstreams(name: str) -> None:
    case = CASES[name]
    (row,) = render(case["object"], "None", parse_time(case["now"]))["rows"]
    exact = [column[0] not in COARSE for column in case["columns"]]
    ours, theirs = ([c for c, e in zip(r["cells"], exact, strict=True) if e] for r in (row, case["row"]))
    assert ours == theirs
    assert row.get("conditions") == case["row"].get("conditions")


def test_age_is_counted_from_the_creation() -> None:
    (row,) = render(POD)["rows"]
    assert row["cells"][4] == "5m"


@pytest.mark.parametrize(
    ("include", "carried"), [("None", None), ("Metadata", partial_metadata(POD)), ("Object", POD)]
)
def test_rows_carry_what_is_asked_for(include: str, carried: dict[str, Any] | None) -> None:
    (row,) = render(POD, include)["rows"]
    assert row.get("object") == carried


@pytest.mark.parametrize(
    "kind", list(KINDS), ids=lambda kind: f"{kind.resource.api_version}.{kind.resource.kind}"
)
def test_every_kind_prints_an_object_that_has_only_metadata(kind: Any) -> None:
    """Cells bear the absence of everything that a schema does not require."""
    obj = {"metadata": POD["metadata"], "spec": {"containers": []}}
    (row,) = table(kind, [obj], now=NOW)["rows"]
    assert len(row["cells"]) == len(kind.columns)
