"""The Node object's contents."""

import pytest

from proa.cluster.kubelet.cri import RuntimeCondition
from proa.cluster.kubelet.node import with_heartbeats
from proa.cluster.kubelet.node_status import admission_refusal, extended, node_conditions

FINE: frozenset[str] = frozenset()
READY, NETWORK = (
    RuntimeCondition("RuntimeReady", True, "", ""),
    RuntimeCondition("NetworkReady", True, "", ""),
)
NO_NETWORK = RuntimeCondition("NetworkReady", False, "NetworkPluginNotReady", "no conf")


def test_a_fine_node() -> None:
    states = {kind: (ok, reason) for kind, ok, reason, _ in node_conditions([READY, NETWORK], FINE)}
    assert states == {
        "MemoryPressure": (False, "KubeletHasSufficientMemory"),
        "DiskPressure": (False, "KubeletHasNoDiskPressure"),
        "PIDPressure": (False, "KubeletHasSufficientPID"),
        "Ready": (True, "KubeletReady"),
    }


def test_pressure() -> None:
    states = node_conditions([READY, NETWORK], {"MemoryPressure", "DiskPressure", "PIDPressure"})
    assert {kind for kind, ok, _, _ in states if ok} == {
        "MemoryPressure",
        "DiskPressure",
        "PIDPressure",
        "Ready",
    }


def test_a_runtime_that_is_down_or_has_no_network() -> None:
    assert node_conditions(None, FINE)[-1] == ("Ready", False, "KubeletNotReady", "container runtime is down")
    message = node_conditions([READY, NO_NETWORK], FINE)[-1][3]
    assert message == (
        "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:no conf"
    )


def test_a_transition_time_stays_while_the_status_does() -> None:
    states = [("Ready", True, "KubeletReady", "m")]
    first = with_heartbeats([], states, "t1")
    second = with_heartbeats(first, states, "t2")
    assert (second[0]["lastHeartbeatTime"], second[0]["lastTransitionTime"]) == ("t2", "t1")
    third = with_heartbeats(second, [("Ready", False, "KubeletNotReady", "m")], "t3")
    assert third[0]["lastTransitionTime"] == "t3"


ROOM = {"cpu": 1000, "memory": 100, "pods": 2}
ADMISSIONS = {
    "fits": ({"cpu": 500, "memory": 50}, [{"cpu": 500, "memory": 50}], None),
    "asks nothing of a full node": ({"cpu": 0, "memory": 0}, [{"cpu": 1000, "memory": 100}], None),
    "too much cpu": ({"cpu": 501, "memory": 0}, [{"cpu": 500, "memory": 0}], "OutOfcpu"),
    "too much memory": ({"cpu": 0, "memory": 101}, [], "OutOfmemory"),
    "too many pods": ({"cpu": 0, "memory": 0}, [{"cpu": 0, "memory": 0}] * 2, "OutOfpods"),
}


@pytest.mark.parametrize(("asked", "used", "reason"), ADMISSIONS.values(), ids=ADMISSIONS.keys())
def test_admission(asked: dict[str, int], used: list[dict[str, int]], reason: str | None) -> None:
    refusal = admission_refusal(asked, used, ROOM)
    assert (refusal and refusal[0]) == reason


def test_what_people_add_to_the_capacity_can_be_asked_for() -> None:
    own = {"cpu": "2", "example.com/kept": "1"}
    status = {
        "capacity": own | {"example.com/new": "5", "example.com/more": "3"},
        "allocatable": own | {"cpu": "1", "example.com/more": "2", "example.com/gone": "1"},
    }
    assert extended(status) == {"example.com/new": "5", "example.com/more": "3", "example.com/gone": None}
    assert extended({}) == {}
