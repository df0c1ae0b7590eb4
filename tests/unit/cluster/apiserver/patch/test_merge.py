"""JSON merge patch: the table of RFC 7396, appendix A, and its invariants."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver.patch import apply_merge_patch
from proa.errors import BadRequest

RFC_CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
JSON = st.recursive(
    SCALARS,
    lambda child: st.lists(child, max_size=3) | st.dictionaries(st.text(max_size=2), child, max_size=3),
)
OBJECTS = st.dictionaries(st.text(max_size=2), JSON, max_size=4)


def without_nulls(value: Any) -> Any:
    """Nulls in objects gone, as no merge patch can make them; lists are opaque to it."""
    if not isinstance(value, dict):
        return value
    return {key: without_nulls(item) for key, item in value.items() if item is not None}


@pytest.mark.parametrize(("document", "patch", "result"), RFC_CASES)
def test_rfc_table(document: dict[str, Any], patch: dict[str, Any], result: dict[str, Any]) -> None:
    assert apply_merge_patch(document, patch) == result


@pytest.mark.parametrize("patch", [["c"], "text", 1, None])
def test_a_patch_that_is_no_object_is_refused(patch: Any) -> None:
    with pytest.raises(BadRequest):
        apply_merge_patch({"a": 1}, patch)


@given(OBJECTS, OBJECTS)
def test_inputs_stay_and_a_second_time_changes_nothing(
    document: dict[str, Any], patch: dict[str, Any]
) -> None:
    before = copy.deepcopy((document, patch))
    once = apply_merge_patch(document, patch)
    assert (document, patch) == before
    assert apply_merge_patch(once, patch) == once


@given(OBJECTS)
def test_a_patch_on_nothing_is_its_content(patch: dict[str, Any]) -> None:
    assert apply_merge_patch({}, patch) == without_nulls(patch)


@given(OBJECTS, OBJECTS)
def test_result_shares_nothing_with_the_patch(document: dict[str, Any], patch: dict[str, Any]) -> None:
    before = copy.deepcopy(patch)
    for value in apply_merge_patch(document, patch).values():
        if isinstance(value, dict | list):
            value.clear()
    assert patch == before
