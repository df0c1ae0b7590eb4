"""Objects of which there is nothing to say are recognised, and no others."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proa.cluster.apiserver.schema import SCHEMAS, Findings, Node

Object = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]
CONTAINER = {"name": "c", "image": "i"}
KINDS = (
    ("v1", "Pod"), ("v1", "Secret"), ("v1", "Event"), ("v1", "Node"), ("apps/v1", "Deployment"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"), ("coordination.k8s.io/v1", "Lease"),
    ("certificates.k8s.io/v1", "CertificateSigningRequest"), ("discovery.k8s.io/v1", "EndpointSlice"),
    ("policy/v1", "PodDisruptionBudget"), ("resource.k8s.io/v1", "ResourceSlice"),
    ("networking.k8s.io/v1", "Ingress"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
)  # fmt: skip


def pod(**spec: Any) -> Object:
    metadata = {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"a": ""}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [CONTAINER], **spec},
    }


FITTING: dict[str, Object] = {
    "little": {"metadata": {"name": "p"}, "spec": {"containers": [CONTAINER]}},
    "much": pod(
        hostNetwork=True,
        volumes=[{"name": "v", "emptyDir": {}}, {"name": "w", "hostPath": {"path": "/", "type": ""}}],
        terminationGracePeriodSeconds=0,
        overhead={"cpu": "1m"},
        securityContext={"runAsUser": 0},
    ),
}
"""Pods."""
UNFITTING: dict[str, Object] = {
    "an unknown field": pod(foo=1),
    "another type": pod(hostname=1),
    "a null": pod(hostname=None),
    "an empty text": pod(hostname=""),
    "an empty list": pod(volumes=[]),
    "an empty map": pod(nodeSelector={}),
    "no": pod(hostNetwork=False),
    "true for a number": pod(priority=True),
    "too large a number": pod(priority=1 << 31),
    "a quantity that is written otherwise": pod(overhead={"cpu": "0.5"}),
    "a fraction for an integer": pod(priority=1.0),
    "a container without a name": pod(containers=[{"image": "i"}]),
    "a container of an empty name": pod(containers=[{"name": ""}]),
    "no containers": {"spec": {}},
}


@pytest.mark.parametrize("obj", FITTING.values(), ids=FITTING.keys())
def test_what_is_as_it_should_be_fits(obj: Object) -> None:
    assert SCHEMAS.fits("v1", "Pod", obj)


@pytest.mark.parametrize("obj", UNFITTING.values(), ids=UNFITTING.keys())
def test_what_would_be_refused_or_changed_does_not_fit(obj: Object) -> None:
    assert not SCHEMAS.fits("v1", "Pod", obj)


def test_times_and_bytes_fit_as_they_are_written() -> None:
    lease = {"metadata": {"name": "l"}, "spec": {"renewTime": "2026-01-01T00:00:00.000000Z"}}
    assert SCHEMAS.fits("coordination.k8s.io/v1", "Lease", lease)
    assert SCHEMAS.fits("v1", "Secret", {"data": {"a": "", "b": "YQ=="}})
    assert not SCHEMAS.fits("v1", "Secret", {"data": {"b": "YQ="}})


def test_a_null_that_is_always_written_fits() -> None:
    condition = {"type": "Ready", "status": "True", "lastProbeTime": None}
    assert SCHEMAS.fits("v1", "Pod", {**pod(), "status": {"conditions": [condition]}})


def test_nothing_fits_a_schema_that_no_type_can_express() -> None:
    assert not SCHEMAS.fits(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", {"metadata": {"name": "a"}}
    )
    assert not SCHEMAS.fits("v1", "Unknown", {"metadata": {"name": "a"}})


@settings(max_examples=30)
@given(st.data())
def test_of_what_fits_there_is_nothing_to_say_or_change(data: st.DataObject) -> None:
    about = data.draw(st.sampled_from(KINDS))
    obj = _right(data.draw, SCHEMAS.node(*about), 0)
    assert SCHEMAS.fits(*about, obj)
    for holder, key in list(_places(obj)):
        right = holder[key]
        for holder[key] in _ODD:
            if SCHEMAS.fits(*about, obj):
                _assert_perfect(*about, obj)
        holder[key] = right


def _assert_perfect(api_version: str, kind: str, obj: Object) -> None:
    assert SCHEMAS.check(api_version, kind, obj) == Findings()
    pruned, unpruned = copy.deepcopy(obj), copy.deepcopy(obj)
    SCHEMAS.prune(api_version, kind, pruned)
    SCHEMAS.complete(api_version, kind, pruned)
    SCHEMAS.complete(api_version, kind, unpruned)
    assert pruned == unpruned


_ODD: tuple[Any, ...] = (
    None, "", 0, -1, 1, False, True, 1.0, 1.5, [], {}, {"x": ""}, "x", 1 << 31, 1 << 63, "0.5", "a=",
)  # fmt: skip
_META = "io.k8s.apimachinery.pkg."
_RIGHT: dict[str, Any] = {
    "string": "1", "integer": 1, "boolean": True, "number": 0.5, "byte": "YQ==",
    "int-or-string": "1", f"{_META}api.resource.Quantity": "1",
    f"{_META}apis.meta.v1.Time": "2026-01-01T00:00:00Z",
    f"{_META}apis.meta.v1.MicroTime": "2026-01-01T00:00:00.000000Z",
}  # fmt: skip
"""By type, format or name."""


def _right(draw: Draw, node: Node | None, depth: int) -> Any:
    """A value that fits, with some of the fields that it may have."""
    if node is None or node.open:
        return {"x": "y"}
    if node.type == "array":
        return [_right(draw, node.items, depth + 1)]
    if node.type == "object" and node.values is not None:
        return {"x": _right(draw, node.values, depth + 1)}
    if node.type == "object":
        more = draw(st.sets(st.sampled_from(sorted(node.properties)), max_size=max(0, 5 - depth)))
        names = [name for name in node.properties if name in more or name in node.required]
        return {name: _right(draw, node.field(name), depth + 1) for name in names}
    return next(_RIGHT[key] for key in (node.name, node.format, node.type) if key in _RIGHT)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a value: what holds it, and under which name or number."""
    keys: list[Any] = list(value) if isinstance(value, dict) else [*range(len(value))]
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])
