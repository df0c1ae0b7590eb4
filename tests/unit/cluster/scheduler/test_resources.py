from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.scheduler.resources import pod_requests
from proa.kube import Object


def box(cpu: str, **more: Any) -> Object:
    return {"resources": {"requests": {"cpu": cpu}}} | more


ALWAYS = {"restartPolicy": "Always"}

CASES: dict[str, tuple[Object, int]] = {
    "containers add up": ({"containers": [box("1"), box("500m")]}, 1500),
    "an init container runs alone": (
        {"containers": [box("1")], "initContainers": [box("3"), box("2")]},
        3000,
    ),
    "a sidecar runs beside the containers": (
        {"containers": [box("1")], "initContainers": [box("1", **ALWAYS)]},
        2000,
    ),
    "an init container runs beside earlier sidecars only": (
        {"containers": [box("1")], "initContainers": [box("2", **ALWAYS), box("3"), box("1", **ALWAYS)]},
        5000,
    ),
    "overhead is added": ({"containers": [box("1")], "overhead": {"cpu": "250m"}}, 1250),
    "pod-level requests replace the sum": (
        {"containers": [box("1")], "resources": {"requests": {"cpu": "4"}}},
        4000,
    ),
    "a limit counts as a request": ({"containers": [{"resources": {"limits": {"cpu": "2"}}}]}, 2000),
}


@pytest.mark.parametrize("case", CASES)
def test_pod_requests(case: str) -> None:
    spec, milli = CASES[case]
    assert pod_requests({"spec": spec})["cpu"] == milli


def resized(asked: str, given: str, has: str, reason: str = "") -> Object:
    """A pod whose container asks for, was given and has these millicores."""
    status = {"name": "c", "allocatedResources": {"cpu": given}, "resources": {"requests": {"cpu": has}}}
    condition = {"type": "PodResizePending", "status": "True", "reason": reason}
    return {
        "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": asked}}}]},
        "status": {"containerStatuses": [status], "conditions": [condition] if reason else []},
    }


@pytest.mark.parametrize(
    ("pod", "milli"),
    [
        (resized("100m", "100m", "100m"), 100),
        (resized("500m", "100m", "100m", "Deferred"), 500),
        (resized("500m", "100m", "100m", "Infeasible"), 100),
        (resized("100m", "100m", "300m"), 300),
        (resized("100m", "200m", "100m"), 200),
    ],
    ids=["settled", "deferred", "infeasible", "still larger", "given"],
)
def test_a_pod_that_is_resized_occupies_the_larger(pod: Object, milli: int) -> None:
    assert pod_requests(pod)["cpu"] == milli
