"""JSON patch: operations, pointers, failures."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver.patch import apply_json_patch
from proa.errors import BadRequest, Invalid, RequestEntityTooLarge

Operation = dict[str, Any]

CASES: dict[str, tuple[dict[str, Any], list[Operation], dict[str, Any]]] = {
    "add a member": ({"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
    "add replaces a member": ({"a": 1}, [{"op": "add", "path": "/a", "value": 2}], {"a": 2}),
    "add inserts into a list": ({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
    "add behind the end": ({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
    "remove a member": ({"a": 1, "b": 2}, [{"op": "remove", "path": "/a"}], {"b": 2}),
    "remove an element": ({"a": [1, 2]}, [{"op": "remove", "path": "/a/0"}], {"a": [2]}),
    "replace an element": ({"a": [1, 2]}, [{"op": "replace", "path": "/a/1", "value": 9}], {"a": [1, 9]}),
    "move a member": ({"a": {"b": 1}}, [{"op": "move", "from": "/a/b", "path": "/c"}], {"a": {}, "c": 1}),
    "move within a list": (
        {"a": [1, 2, 3]},
        [{"op": "move", "from": "/a/0", "path": "/a/2"}],
        {"a": [2, 3, 1]},
    ),
    "copy is independent": (
        {"a": {"b": 1}},
        [{"op": "copy", "from": "/a", "path": "/c"}, {"op": "replace", "path": "/c/b", "value": 2}],
        {"a": {"b": 1}, "c": {"b": 2}},
    ),
    "test passes": (
        {"a": [1, {"b": None}]},
        [{"op": "test", "path": "/a", "value": [1, {"b": None}]}],
        {"a": [1, {"b": None}]},
    ),
    "escaped pointers": (
        {"a/b": 1, "m~n": 2},
        [{"op": "remove", "path": "/a~1b"}, {"op": "remove", "path": "/m~0n"}],
        {},
    ),
    "null is a value": ({"a": 1}, [{"op": "replace", "path": "/a", "value": None}], {"a": None}),
    "the whole document": ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
}

FAILURES: dict[str, list[Operation]] = {
    "test fails": [{"op": "test", "path": "/a", "value": 2}],
    "true is not one": [{"op": "test", "path": "/a", "value": True}],
    "remove what is not there": [{"op": "remove", "path": "/b"}],
    "add below what is not there": [{"op": "add", "path": "/b/c", "value": 1}],
    "index too large": [{"op": "add", "path": "/list/9", "value": 1}],
    "index with a leading zero": [{"op": "remove", "path": "/list/00"}],
    "negative index": [{"op": "remove", "path": "/list/-1"}],
    "into itself": [{"op": "move", "from": "/map", "path": "/map/x"}],
    "into a plain value": [{"op": "add", "path": "/a/b", "value": 1}],
    "remove all": [{"op": "remove", "path": ""}],
    "no object left": [{"op": "replace", "path": "", "value": [1]}],
}

MALFORMED: dict[str, Any] = {
    "unknown operation": [{"op": "destroy", "path": "/a"}],
    "no path": [{"op": "remove"}],
    "pointer without slash": [{"op": "remove", "path": "a"}],
    "no value": [{"op": "add", "path": "/a"}],
    "no from": [{"op": "copy", "path": "/a"}],
    "operation is no object": ["remove"],
}


@pytest.mark.parametrize(("document", "patch", "result"), CASES.values(), ids=CASES.keys())
def test_operations(document: dict[str, Any], patch: list[Operation], result: dict[str, Any]) -> None:
    before = copy.deepcopy((document, patch))
    assert apply_json_patch(document, patch) == result
    assert (document, patch) == before


@pytest.mark.parametrize("patch", FAILURES.values(), ids=FAILURES.keys())
def test_failures_name_the_operation(patch: list[Operation]) -> None:
    document = {"a": 1, "list": [1], "map": {}}
    with pytest.raises(Invalid, match=r"operation 0|does not leave an object"):
        apply_json_patch(document, patch)


@pytest.mark.parametrize("patch", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_operations_fail(patch: Any) -> None:
    with pytest.raises(Invalid, match="operation 0"):
        apply_json_patch({"a": 1}, patch)


def test_a_patch_is_a_list() -> None:
    with pytest.raises(BadRequest, match="list of operations"):
        apply_json_patch({"a": 1}, {"op": "remove", "path": "/a"})


def test_all_or_nothing() -> None:
    document = {"a": 1}
    with pytest.raises(Invalid, match="operation 1"):
        apply_json_patch(document, [{"op": "remove", "path": "/a"}, {"op": "remove", "path": "/a"}])
    assert document == {"a": 1}


def test_more_than_ten_thousand_operations_are_too_many() -> None:
    operation = {"op": "add", "path": "/a", "value": 1}
    assert apply_json_patch({}, [operation] * 10_000) == {"a": 1}
    with pytest.raises(RequestEntityTooLarge, match="10000, got 10001"):
        apply_json_patch({}, [operation] * 10_001)


@given(st.dictionaries(st.text(), st.integers()), st.text(), st.integers())
def test_add_then_remove_is_nothing(document: dict[str, int], name: str, value: int) -> None:
    document.pop(name, None)
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    patch = [{"op": "add", "path": pointer, "value": value}, {"op": "remove", "path": pointer}]
    assert apply_json_patch(document, patch) == document
