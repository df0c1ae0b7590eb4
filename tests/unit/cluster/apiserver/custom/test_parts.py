"""Formats, versions, names, conversion: the smaller pure parts."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.apiserver.custom.conditions import Taken, status_of, taken_by
from proa.cluster.apiserver.custom.conversion import read_answer
from proa.cluster.apiserver.custom.correlation import deep_equal, element_before
from proa.cluster.apiserver.custom.formats import is_known, string_check
from proa.cluster.apiserver.custom.structural import ABSENT
from proa.cluster.apiserver.custom.versions import version_order
from proa.kube.resources import Object


def test_versions_are_preferred_as_kubernetes_does() -> None:
    wanted = ["v10", "v2", "v1", "v11beta2", "v3beta1", "v12alpha1", "foo1", "foo10"]
    assert sorted(set(wanted), key=version_order) == wanted


@pytest.mark.parametrize(
    ("format_", "good", "bad"),
    [
        ("ipv4", "10.0.0.1", "10.0.0"),
        ("ipv6", "::1", "1"),
        ("cidr", "10.0.0.0/8", "10.0.0.0"),
        ("mac", "01:02:03:04:05:06", "01:02"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123"),
        ("isbn13", "978-0321751041", "978-0321751042"),
        ("isbn10", "0321751043", "0321751044"),
        ("creditcard", "4111 1111 1111 1111", "4111"),
        ("hexcolor", "#fff", "#ggg"),
        ("rgbcolor", "rgb(1,2,3)", "rgb(1,2,256)"),
        ("date", "2024-02-29", "2023-02-29"),
        ("date-time", "2024-02-29T10:00:00Z", "2024-02-29T25:00:00Z"),
        ("duration", "1h30m", "1 fortnight"),
        ("byte", "YWI=", "YWI"),
        ("hostname", "a.example", "-a"),
        ("k8s-short-name", "a-b", "a.b"),
        ("k8s-long-name", "a.b", "A"),
    ],
)
def test_formats(format_: str, good: str, bad: str) -> None:
    check = string_check(format_)
    assert check is not None
    assert check(good)
    assert not check(bad)


def test_formats_that_mean_nothing_are_known_as_such() -> None:
    assert not is_known("string", "phone")
    assert not is_known("integer", "float")
    assert is_known("integer", "int32")


def _definition(name: str, **names: Any) -> Object:
    spec: Object = {
        "group": "example.com",
        "names": {"plural": f"{name}s", "singular": name, "kind": name.title()},
    }
    spec["names"] |= {"listKind": f"{name.title()}List"} | names
    return {"metadata": {"name": f"{name}s.example.com"}, "spec": spec}


def _conditions(status: Object) -> dict[str, tuple[str, str, str]]:
    return {c["type"]: (c["status"], c["reason"], c["message"]) for c in status["conditions"]}


def test_names_that_nobody_has_are_accepted() -> None:
    status = status_of(_definition("widget"), Taken(frozenset(), frozenset()))
    assert _conditions(status) == {
        "NamesAccepted": ("True", "NoConflicts", "no conflicts found"),
        "Established": ("True", "InitialNamesAccepted", "the initial names have been accepted"),
    }


def test_a_name_that_another_has_is_not() -> None:
    first = _definition("widget", shortNames=["w"])
    first["status"] = status_of(first, Taken(frozenset(), frozenset()))
    status = status_of(_definition("wheel", shortNames=["w"], kind="Widget"), taken_by([first]))
    assert _conditions(status) == {
        "NamesAccepted": ("False", "KindConflict", '"Widget" is already in use'),
        "Established": ("False", "NotAccepted", "not all names are accepted"),
    }
    assert status["acceptedNames"] == {"plural": "wheels", "singular": "wheel", "listKind": "WheelList"}


def test_list_elements_are_known_by_their_keys() -> None:
    schema = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    old = [{"name": "a", "n": 1}, {"name": "b"}]
    assert element_before(schema, {"name": "b", "n": 3}, old) == {"name": "b"}
    assert element_before(schema, {"name": "c"}, old) is ABSENT
    assert element_before({}, {"name": "b"}, old) is ABSENT


def test_true_is_not_one() -> None:
    assert not deep_equal({"a": [1]}, {"a": [True]})
    assert deep_equal({"a": [1, {}]}, {"a": [1.0, {}]})


ASKED = [{"apiVersion": "e/v1", "kind": "K", "metadata": {"name": "a", "uid": "1", "labels": {"x": "y"}}}]


def _answer(**more: Any) -> Object:
    converted = {"apiVersion": "e/v2", "kind": "K", "metadata": {"name": "a", "uid": "1"}, "spec": {}} | more
    return {"response": {"uid": "u", "result": {"status": "Success"}, "convertedObjects": [converted]}}


def test_a_conversion_may_change_labels_and_no_other_metadata() -> None:
    about = {"name": "a", "uid": "1", "annotations": {"b": "c"}, "finalizers": ["x/y"]}
    problem, (converted,) = read_answer(_answer(metadata=about), "u", ASKED, "e/v2")
    assert problem == ""
    assert converted["metadata"] == {"name": "a", "uid": "1", "annotations": {"b": "c"}}


def test_a_webhook_that_answers_another_review_is_told_so() -> None:
    problem = 'failed: expected response.uid="u", got "x"'
    assert read_answer({"response": {"uid": "x"}}, "u", ASKED, "e/v2") == (problem, [])
