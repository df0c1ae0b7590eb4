"""What a schema does not know goes; what it gives as defaults comes."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver.custom.defaulting import default
from proa.cluster.apiserver.custom.pruning import drop_nulls, prune
from support.schemas import INTEGER, STRING, place, struct

PRESERVED = {"x-kubernetes-preserve-unknown-fields": True}
SCHEMA = struct(
    a=STRING,
    list={"type": "array", "items": struct(b=INTEGER)},
    map={"type": "object", "additionalProperties": struct(c=STRING | {"default": "x"})},
    free={"type": "object", **PRESERVED, "properties": {"known": struct(d=STRING)}},
    set=struct(e=INTEGER | {"default": 5}) | {"default": {}},
    any={"type": "object", "additionalProperties": True},
)


@pytest.mark.parametrize(
    ("given_", "dropped", "left"),
    [
        ({"a": "x"}, [], {"a": "x"}),
        ({"z": 1, "metadata": {"any": 1}}, ["z"], {"metadata": {"any": 1}}),
        ({"list": [{"b": 1, "z": 2}, {}]}, ["list[0].z"], {"list": [{"b": 1}, {}]}),
        ({"map": {"k": {"c": "1", "z": 1}}}, ["map.k.z"], {"map": {"k": {"c": "1"}}}),
        ({"free": {"x": {"y": 1}, "known": {"d": "", "z": 1}}}, ["free.known.z"], None),
        ({"any": {"x": {"y": 1}}}, ["any.x.y"], {"any": {"x": {}}}),
    ],
)
def test_unknown_fields_are_dropped(given_: Any, dropped: list[str], left: Any) -> None:
    assert prune(given_, place(SCHEMA)) == dropped
    if left is not None:
        assert given_ == left


def test_nulls_that_may_not_be_are_dropped_unless_a_default_replaces_them() -> None:
    value: Any = {"a": None, "set": None, "free": {"x": None}}
    drop_nulls(value, place(SCHEMA))
    assert value == {"set": None, "free": {"x": None}}
    default(value, place(SCHEMA))
    assert value == {"set": {"e": 5}, "free": {"x": None}}


def test_defaults_reach_into_maps_and_are_copies() -> None:
    first: Any = {"map": {"k": {}}}
    default(first, place(SCHEMA))
    assert first == {"map": {"k": {"c": "x"}}, "set": {"e": 5}}
    first["set"]["e"] = 6
    second: Any = {}
    default(second, place(SCHEMA))
    assert second == {"set": {"e": 5}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b", "c", "d", "e", "list", "map", "set", "free", "z"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "z"]), JSON))
def test_a_second_time_changes_nothing(value: dict[str, Any]) -> None:
    schema = place(SCHEMA)
    for _ in range(2):
        prune(value, schema)
        drop_nulls(value, schema)
        default(value, schema)
    once = deepcopy(value)
    assert prune(value, schema) == []
    drop_nulls(value, schema)
    default(value, schema)
    assert value == once
