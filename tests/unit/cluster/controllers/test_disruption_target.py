"""Marks of pods that are about to go, and when they are taken back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from proa.cluster.controllers.disruption_target import time_left
from proa.kube import Object

NOW = dt.datetime(2026, 1, 1, 12, 10, tzinfo=dt.UTC)


def pod(
    reason: str = "EvictionByEvictionAPI", status: str = "True", phase: str = "Running", **more: Any
) -> Object:
    condition = {
        "type": "DisruptionTarget",
        "status": status,
        "reason": reason,
        "lastTransitionTime": "2026-01-01T12:09:00Z",
    }
    return {"metadata": {"name": "p"} | more, "status": {"phase": phase, "conditions": [condition]}}


CASES = {
    "a minute old": (pod(), NOW, 60.0),
    "old": (pod(), NOW + dt.timedelta(minutes=5), 0.0),
    "taken back": (pod(status="False"), NOW, None),
    "the kubelet's own": (pod("TerminationByKubelet"), NOW, None),
    "really going": (pod(deletionTimestamp="2026-01-01T12:09:30Z"), NOW, None),
    "over": (pod(phase="Failed"), NOW, None),
    "never marked": ({"metadata": {"name": "p"}}, NOW, None),
}


@pytest.mark.parametrize("case", CASES)
def test_when_a_mark_is_stale(case: str) -> None:
    marked, now, expected = CASES[case]
    assert time_left(marked, now) == expected
