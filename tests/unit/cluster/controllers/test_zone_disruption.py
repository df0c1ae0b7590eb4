"""How fast pods leave lost nodes: zones, their states, their pace."""

from __future__ import annotations

import math

import pytest

from proa.cluster.controllers.node_taints import Evict, wanted_taints
from proa.cluster.controllers.zone_disruption import Disruption, EvictionPace, EvictionRates, Zones, zone_of
from proa.kube import Object
from support.objects import node

RATES = EvictionRates()


def nodes(ready: int, lost: int, zone: str = "a") -> list[Object]:
    labels = {"topology.kubernetes.io/zone": zone}
    silent = [{"type": "Ready", "status": "Unknown"}]
    return [
        *(node(f"{zone}{i}", labels=labels) for i in range(ready)),
        *(node(f"{zone}-lost{i}", labels=labels, conditions=silent) for i in range(lost)),
    ]


@pytest.mark.parametrize(
    ("found", "state", "rate"),
    [
        (nodes(2, 1), Disruption.NONE, 0.1),
        (nodes(1, 2), Disruption.NONE, 0.1),
        (nodes(1, 3), Disruption.PARTIAL, 0.0),
        (nodes(23, 28), Disruption.NONE, 0.1),
        (nodes(22, 29), Disruption.PARTIAL, 0.01),
        ([*nodes(0, 3), *nodes(1, 0, "b")], Disruption.FULL, 0.1),
        (nodes(0, 1), Disruption.FULL, 0.0),
    ],
    ids=["one of three", "two of three", "most", "half of many", "most of many", "a zone", "all there is"],
)
def test_many_lost_nodes_are_emptied_slowly_or_not_at_all(
    found: list[Object], state: Disruption, rate: float
) -> None:
    zones = Zones(found, RATES)
    assert zones.states["/a"] is state
    assert zones.rate("/a") == rate


def test_nodes_of_a_zone_are_emptied_one_after_the_other() -> None:
    pace = EvictionPace()
    assert pace.take("a", 0.1, 100.0) == 0.0
    assert pace.take("a", 0.1, 101.0) == 9.0
    assert pace.take("b", 0.1, 101.0) == 0.0
    assert pace.take("a", 0.1, 110.0) == 0.0
    assert pace.take("a", 0.0, 200.0) == math.inf
    assert pace.take("a", 1.0, 111.0) == 1.0  # as fast as the zone is now


def test_a_zone_is_its_region_and_its_name() -> None:
    labels = {"topology.kubernetes.io/region": "r", "topology.kubernetes.io/zone": "z"}
    assert zone_of(node(labels=labels)) == "r/z"
    assert zone_of(node()) == "/"


SILENT = [{"type": "Ready", "status": "Unknown"}]
LEAVING = [{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}]


@pytest.mark.parametrize(
    ("taints", "evict", "effects"),
    [
        ([], Evict.BEGIN, ["NoSchedule", "NoExecute"]),
        ([], Evict.GO_ON, ["NoSchedule"]),
        (LEAVING, Evict.GO_ON, ["NoSchedule", "NoExecute"]),
        (LEAVING, Evict.STOP, ["NoSchedule"]),
    ],
    ids=["begin", "not yet", "go on", "stop"],
)
def test_what_pods_leave_for_is_there_while_they_may(
    taints: list[Object], evict: Evict, effects: list[str]
) -> None:
    wanted = wanted_taints(node(conditions=SILENT, taints=taints), evict)
    assert [taint["effect"] for taint in wanted] == effects
    assert {taint["key"] for taint in wanted} == {"node.kubernetes.io/unreachable"}
