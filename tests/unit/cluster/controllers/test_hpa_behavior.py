"""How fast an autoscaler may go: stabilisation windows, policies, bounds."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.controllers.hpa_behavior import Memory, settle

DOUBLE = {"type": "Percent", "value": 100, "periodSeconds": 15}
FOUR = {"type": "Pods", "value": 4, "periodSeconds": 15}
USUAL: dict[str, Any] = {
    "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [FOUR, DOUBLE]},
    "scaleDown": {"selectPolicy": "Max", "policies": [DOUBLE]},
}


def behaves(up: dict[str, Any] | None = None, down: dict[str, Any] | None = None) -> dict[str, Any]:
    """The usual behavior with other rules."""
    return {"scaleUp": USUAL["scaleUp"] | (up or {}), "scaleDown": USUAL["scaleDown"] | (down or {})}


@pytest.mark.parametrize(
    ("name", "current", "wanted", "bounds", "behavior", "replicas", "reason"),
    [
        ("within", 3, 5, (1, 10), None, 5, "DesiredWithinRange"),
        ("at most twice as many", 6, 30, (1, 50), None, 12, "ScaleUpLimit"),
        ("but four are always allowed", 1, 30, (1, 50), None, 4, "ScaleUpLimit"),
        ("no more than the most", 5, 30, (1, 8), None, 8, "TooManyReplicas"),
        ("no fewer than the least", 5, 1, (2, 8), None, 2, "TooFewReplicas"),
        ("the usual rules are the same", 6, 30, (1, 50), USUAL, 12, "ScaleUpLimit"),
        ("four pods, or twice as many", 1, 30, (1, 50), USUAL, 5, "ScaleUpLimit"),
        ("the smaller of the two", 8, 30, (1, 50), behaves(up={"selectPolicy": "Min"}), 12, "ScaleUpLimit"),
        ("never up", 8, 30, (1, 50), behaves(up={"selectPolicy": "Disabled"}), 8, "ScaleUpLimit"),
        ("never down", 8, 3, (1, 50), behaves(down={"selectPolicy": "Disabled"}), 8, "ScaleDownLimit"),
        (
            "one pod at a time",
            8,
            3,
            (1, 50),
            behaves(down={"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}),
            7,
            "ScaleDownLimit",
        ),
        ("all the way down", 8, 1, (1, 50), USUAL, 1, "DesiredWithinRange"),
    ],
)
def test_one_step(
    name: str,
    current: int,
    wanted: int,
    bounds: tuple[int, int],
    behavior: dict[str, Any] | None,
    replicas: int,
    reason: str,
) -> None:
    outcome = settle(Memory(), 1000.0, current, wanted, bounds, behavior)
    assert (outcome.replicas, outcome.limited.reason) == (replicas, reason), name
    assert outcome.is_limited == (replicas != wanted)


@pytest.mark.parametrize("behavior", [None, USUAL])
def test_what_was_needed_lately_stays_for_five_minutes(behavior: dict[str, Any] | None) -> None:
    memory = Memory()
    settle(memory, 0.0, 4, 4, (1, 10), behavior)
    outcome = settle(memory, 299.0, 4, 1, (1, 10), behavior)
    assert (outcome.replicas, outcome.able.reason) == (4, "ScaleDownStabilized")
    assert settle(memory, 301.0, 4, 1, (1, 10), behavior).replicas == 1


def test_a_window_on_the_way_up_waits_for_the_lowest() -> None:
    memory, behavior = Memory(), behaves(up={"stabilizationWindowSeconds": 60})
    settle(memory, 0.0, 2, 2, (1, 10), behavior)
    outcome = settle(memory, 30.0, 2, 4, (1, 10), behavior)
    assert (outcome.replicas, outcome.able.reason) == (2, "ScaleUpStabilized")
    assert settle(memory, 61.0, 2, 5, (1, 10), behavior).replicas == 4


def test_policies_count_what_was_done_in_their_period() -> None:
    memory, behavior = Memory(), behaves(up={"policies": [FOUR]})
    memory.scaled(0.0, 1, 5, behavior)
    assert settle(memory, 10.0, 5, 20, (1, 50), behavior).replicas == 5
    assert settle(memory, 16.0, 5, 20, (1, 50), behavior).replicas == 9
