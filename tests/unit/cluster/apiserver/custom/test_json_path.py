"""Paths of columns and scales."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.apiserver.custom.json_path import PathError, compiled, find, names

OBJECT = {
    "spec": {"a.b": 1, "list": [1, 2, 3], "map": {"x": {"n": 1}, "y": {"n": 2}}},
    "status": {"conditions": [{"type": "Ready", "status": "True", "n": 1}, {"type": "Other", "n": 2}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.list", [[1, 2, 3]]),
        (".spec.list[0]", [1]),
        (".spec.list[-1]", [3]),
        (".spec.list[7]", []),
        (".spec.list[0:2]", [1, 2]),
        (".spec.list[*]", [1, 2, 3]),
        (r".spec.a\.b", [1]),
        (".spec['a.b']", [1]),
        (".spec.map.*.n", [1, 2]),
        ("..n", [1, 2, 1, 2]),
        (".spec.none.deep", []),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type=='Ready')].status", ["True"]),
        (".status.conditions[?(@.n>1)].type", ["Other"]),
        (".status.conditions[?(@.status)].type", ["Ready"]),
    ],
)
def test_paths(path: str, found: list[Any]) -> None:
    assert find(compiled(path), OBJECT) == found


def test_what_is_no_path_is_refused() -> None:
    with pytest.raises(PathError, match="invalid path"):
        compiled(".spec[")


def test_names() -> None:
    assert names(".spec.replicas") == ["spec", "replicas"]
