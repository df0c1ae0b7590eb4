"""Strategic merge patch, on the schemas of Pod and Deployment."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver.patch import apply_merge_patch, apply_strategic_patch
from proa.cluster.apiserver.schema import SCHEMAS
from proa.errors import BadRequest

POD = SCHEMAS.node("v1", "Pod")
DEPLOYMENT = SCHEMAS.node("apps/v1", "Deployment")
SERVICE_ACCOUNT = SCHEMAS.node("v1", "ServiceAccount")

Object = dict[str, Any]


def pod(*containers: Object, **spec: Any) -> Object:
    return {"spec": {"containers": list(containers), **spec}}


def names(result: Object) -> list[str]:
    return [container["name"] for container in result["spec"]["containers"]]


A, B, C, D = ({"name": name, "image": name} for name in "abcd")

CASES: dict[str, tuple[Object, Object, Object]] = {
    "a keyed element merges": (
        pod(A, B),
        pod({"name": "b", "image": "new"}),
        pod(A, {"name": "b", "image": "new"}),
    ),
    "a new element goes before what only the server has": (pod(A), pod(B), pod(B, A)),
    "an element is deleted by its key": (pod(A, B), pod({"name": "a", "$patch": "delete"}), pod(B)),
    "deleting what is not there is nothing": (pod(A), pod({"name": "x", "$patch": "delete"}), pod(A)),
    "a list is replaced": (pod(A, B), pod(C, {"$patch": "replace"}), pod(C)),
    "null removes a field": (pod(A, hostname="h"), {"spec": {"hostname": None}}, pod(A)),
    "null for what is not there is nothing": (pod(A), {"spec": {"hostname": None}}, pod(A)),
    "an object is replaced": (
        {"metadata": {"labels": {"a": "1"}}},
        {"metadata": {"labels": {"$patch": "replace", "b": "2"}}},
        {"metadata": {"labels": {"b": "2"}}},
    ),
    "an object is emptied": (
        {"metadata": {"labels": {"a": "1"}}},
        {"metadata": {"labels": {"$patch": "delete"}}},
        {"metadata": {"labels": {}}},
    ),
    "order is set": (
        pod(A, B, C),
        {"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}, {"name": "b"}]}},
        pod(C, A, B),
    ),
    "order is set for merged and new elements": (
        pod(A, B),
        {
            "spec": {
                "$setElementOrder/containers": [{"name": "b"}, {"name": "c"}, {"name": "a"}],
                "containers": [{"name": "b", "image": "new"}, C],
            }
        },
        pod({"name": "b", "image": "new"}, C, A),
    ),
    "elements that only the server has keep their place": (
        pod(A, B, C, D),
        {"spec": {"$setElementOrder/containers": [{"name": "d"}, {"name": "b"}]}},
        pod(A, C, D, B),
    ),
    "a list without strategy is replaced": (
        pod({"name": "a", "args": ["1", "2"]}),
        pod({"name": "a", "args": ["3"]}),
        pod({"name": "a", "args": ["3"]}),
    ),
    "scalars merge without repetition": (
        {"metadata": {"finalizers": ["a", "b"]}},
        {"metadata": {"finalizers": ["b", "c"]}},
        {"metadata": {"finalizers": ["a", "b", "c"]}},
    ),
    "scalars are removed": (
        {"metadata": {"finalizers": ["a", "b", "c"]}},
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["b"]}},
        {"metadata": {"finalizers": ["a", "c"]}},
    ),
    "scalars are removed and ordered": (
        {"metadata": {"finalizers": ["a", "b", "c"]}},
        {
            "metadata": {
                "$deleteFromPrimitiveList/finalizers": ["b"],
                "$setElementOrder/finalizers": ["d", "c"],
                "finalizers": ["d"],
            }
        },
        {"metadata": {"finalizers": ["d", "a", "c"]}},
    ),
    "ports merge by their number": (
        pod({"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP"}]}),
        pod({"name": "a", "ports": [{"containerPort": 80, "name": "web"}]}),
        pod({"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP", "name": "web"}]}),
    ),
    "volumes keep only the keys that are named": (
        pod(volumes=[{"name": "v", "hostPath": {"path": "/x"}}]),
        {"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "emptyDir"], "emptyDir": {}}]}},
        pod(volumes=[{"name": "v", "emptyDir": {}}]),
    ),
    "directives in new objects vanish": (
        {},
        {"spec": {"$setElementOrder/containers": [{"name": "a"}], "containers": [A], "hostname": None}},
        pod(A),
    ),
    "another type replaces": (
        {"spec": {"nodeSelector": "odd"}},
        {"spec": {"nodeSelector": {"a": "b"}}},
        {"spec": {"nodeSelector": {"a": "b"}}},
    ),
}

FAULTS: dict[str, Any] = {
    "no object": [1],
    "unknown directive": {"spec": {"$patch": "explode"}},
    "unknown directive in a list": pod({"name": "a", "$patch": "merge"}),
    "no merge key": pod({"image": "x"}),
    "no merge key in a deletion": pod({"$patch": "delete"}),
    "merge key that identifies nothing": pod({"name": {"x": 1}}),
    "mixed elements": {"spec": {"containers": ["text"]}},
    "order is no list": {"spec": {"$setElementOrder/containers": "a"}},
    "order without an element that is set": {
        "spec": {"$setElementOrder/containers": [{"name": "a"}], "containers": [B]}
    },
    "retained keys miss one that is set": {"spec": {"$retainKeys": ["hostname"], "nodeName": "n"}},
}


@pytest.mark.parametrize(("document", "patch", "result"), CASES.values(), ids=CASES.keys())
def test_directives(document: Object, patch: Object, result: Object) -> None:
    before = copy.deepcopy((document, patch))
    assert apply_strategic_patch(document, patch, POD) == result
    assert (document, patch) == before


@pytest.mark.parametrize("patch", FAULTS.values(), ids=FAULTS.keys())
def test_faulty_patches_are_bad_requests(patch: Any) -> None:
    with pytest.raises(BadRequest):
        apply_strategic_patch(pod(A, C), patch, POD)


def test_strategy_retains_keys_through_a_reference() -> None:
    document = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert apply_strategic_patch(document, patch, DEPLOYMENT) == {"spec": {"strategy": {"type": "Recreate"}}}


def test_image_of_a_template_changes_in_place() -> None:
    document = {"spec": {"replicas": 2, "template": pod(A, B)}}
    patch = {"spec": {"template": pod({"name": "a", "image": "new"})}}
    result = apply_strategic_patch(document, patch, DEPLOYMENT)
    assert result["spec"]["replicas"] == 2
    assert result["spec"]["template"]["spec"]["containers"] == [{"name": "a", "image": "new"}, B]


def test_without_a_schema_lists_are_replaced() -> None:
    assert apply_strategic_patch(pod(A), pod(B), None) == pod(B)


LETTERS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)


@given(LETTERS, LETTERS)
def test_merging_keeps_every_element_once(server: list[str], patch: list[str]) -> None:
    result = apply_strategic_patch(
        pod(*({"name": n} for n in server)), pod(*({"name": n} for n in patch)), POD
    )
    assert sorted(names(result)) == sorted(set(server) | set(patch))
    assert [name for name in names(result) if name in patch] == patch
    rest = [name for name in names(result) if name not in patch]
    assert rest == [name for name in server if name not in patch]


@given(LETTERS, LETTERS)
def test_a_second_time_changes_nothing(server: list[str], patch: list[str]) -> None:
    change = pod(*({"name": n, "image": n} for n in patch))
    once = apply_strategic_patch(pod(*({"name": n} for n in server)), change, POD)
    assert apply_strategic_patch(once, change, POD) == once


LABELS = st.dictionaries(st.sampled_from("abc"), st.none() | st.sampled_from("xy"))


@given(LABELS.map(lambda labels: {k: v for k, v in labels.items() if v}), LABELS)
def test_maps_merge_as_merge_patches_do(labels: Object, change: Object) -> None:
    document, patch = {"metadata": {"labels": labels}}, {"metadata": {"labels": change}}
    assert apply_strategic_patch(document, patch, POD) == apply_merge_patch(document, patch)
