"""Node heartbeats, taints and evictions: the pure parts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from proa.cluster.controllers.heartbeats import Heartbeats
from proa.cluster.controllers.node_taints import wanted_taints
from proa.cluster.controllers.taint_eviction import time_left
from proa.kube import Object
from support.objects import node, pod

NOW = dt.datetime(2030, 1, 1, 12, 0, 0, tzinfo=dt.UTC)
SINCE = "2030-01-01T11:59:00Z"


def ready(status: str) -> list[Object]:
    return [{"type": "Ready", "status": status}]


def lease(renewed: str) -> Object:
    return {"spec": {"renewTime": renewed}}


def test_silence_counts_from_the_last_new_sign_of_life() -> None:
    clock = iter([100.0, 130.0, 150.0, 170.0, 171.0])
    beats = Heartbeats(lambda: next(clock))
    assert beats.silence("n", node(), lease("1")) == 0.0
    assert beats.silence("n", node(), lease("1")) == 30.0
    assert beats.silence("n", node(), lease("2")) == 0.0
    assert beats.silence("n", node(), lease("2")) == 20.0
    beats.forget("n")
    assert beats.silence("n", node(), lease("2")) == 0.0


TAINTS: dict[str, tuple[Object, list[tuple[str, str]]]] = {
    "ready": (node(), []),
    "not ready": (node(conditions=ready("False")), [("not-ready", "NoSchedule"), ("not-ready", "NoExecute")]),
    "new": (node(conditions=[]), [("not-ready", "NoSchedule"), ("not-ready", "NoExecute")]),
    "silent": (
        node(conditions=ready("Unknown")),
        [("unreachable", "NoSchedule"), ("unreachable", "NoExecute")],
    ),
    "cordoned": (node(unschedulable=True), [("unschedulable", "NoSchedule")]),
    "under pressure": (
        node(conditions=[*ready("True"), {"type": "MemoryPressure", "status": "True"}]),
        [("memory-pressure", "NoSchedule")],
    ),
    "ready again": (
        node(taints=[{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": SINCE}]),
        [],
    ),
}


@pytest.mark.parametrize("case", TAINTS)
def test_taints_follow_conditions(case: str) -> None:
    what, expected = TAINTS[case]
    assert [
        (t["key"].removeprefix("node.kubernetes.io/"), t["effect"]) for t in wanted_taints(what)
    ] == expected


def test_foreign_taints_stay_and_ours_keep_their_time() -> None:
    foreign = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    kept = {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute", "timeAdded": SINCE}
    taints = wanted_taints(node(conditions=ready("False"), taints=[kept, foreign]))
    assert foreign in taints
    assert kept in taints
    assert len(taints) == 3


def tolerating(seconds: int | None = None, key: str = "k") -> Object:
    toleration: dict[str, Any] = {"key": key, "operator": "Exists", "effect": "NoExecute"}
    return toleration if seconds is None else toleration | {"tolerationSeconds": seconds}


LEFT: dict[str, tuple[list[Object], float | None]] = {
    "nothing tolerated": ([], 0.0),
    "tolerated for ever": ([tolerating()], None),
    "tolerated for a while": ([tolerating(300)], 240.0),
    "tolerated for too short": ([tolerating(30)], 0.0),
    "the shortest toleration counts": ([tolerating(), tolerating(90)], 30.0),
    "another taint tolerated": ([tolerating(key="other")], 0.0),
}


@pytest.mark.parametrize("case", LEFT)
def test_time_left_on_a_tainted_node(case: str) -> None:
    tolerations, expected = LEFT[case]
    tainted = node(taints=[{"key": "k", "effect": "NoExecute", "timeAdded": SINCE}])
    assert time_left(pod(tolerations=tolerations), tainted, NOW) == expected


def test_other_effects_do_not_evict() -> None:
    assert time_left(pod(), node(taints=[{"key": "k", "effect": "NoSchedule"}]), NOW) is None
