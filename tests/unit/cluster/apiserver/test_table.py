"""Tables: what the rows of the corpus do not show."""

import datetime as dt
from typing import Any

import pytest

from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.table import partial_metadata, table

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
    named = {"apiVersion": kind.resource.api_version, "kind": kind.resource.kind}
    obj = {**named, "metadata": POD["metadata"], "spec": {"containers": []}}
    (row,) = table(kind, [obj], now=NOW)["rows"]
    assert len(row["cells"]) == len(kind.columns)
