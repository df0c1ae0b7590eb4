"""Who makes room for whom."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.decision import decide
from proa.cluster.scheduler.pod import PodInfo, pod_info
from proa.cluster.scheduler.preemption import Preemption, preempt
from proa.kube import Object
from support.objects import node, pod

_NOT_FOUND = "preemption: 0/1 nodes are available: {}."


def running(name: str, priority: int, since: str = "2026-01-01T00:00:00Z", **spec: Any) -> Object:
    made = pod(name, priority=priority, **spec)
    return made | {"status": {"phase": "Running", "startTime": since}}


def budget(allowed: int, **labels: str) -> Object:
    return {
        "metadata": {"namespace": "default"},
        "spec": {"selector": {"matchLabels": labels}},
        "status": {"disruptionsAllowed": allowed},
    }


def fill(cluster: Cluster, **pods: list[Object]) -> None:
    for name, present in pods.items():
        cluster.set_node(name, node(name, cpu="4"))
        for each in present:
            cluster.place(pod_info(each), name)


def tried(info: PodInfo, cluster: Cluster, budgets: list[Object]) -> Preemption:
    return preempt(info, cluster, budgets, decide(info, cluster))


def told(found: Preemption) -> tuple[str, set[str]]:
    return found.node, {victim.object["metadata"]["name"] for victim in found.victims}


def urgent(**spec: Any) -> Any:
    return pod_info(pod("urgent", priority=100, **spec))


def test_no_more_go_than_must_and_those_that_matter_least(cluster: Cluster) -> None:
    fill(
        cluster, a=[running("low", 1, cpu="2"), running("middle", 2, cpu="1"), running("high", 200, cpu="1")]
    )

    assert told(tried(urgent(cpu="2"), cluster, [])) == ("a", {"low"})
    assert told(tried(urgent(cpu="1"), cluster, [])) == ("a", {"low"})
    assert told(tried(urgent(cpu="3"), cluster, [])) == ("a", {"low", "middle"})
    assert tried(urgent(cpu="4"), cluster, []).message == _NOT_FOUND.format("1 Insufficient cpu")


def test_the_picture_of_the_cluster_stays_as_it_was(cluster: Cluster) -> None:
    fill(cluster, a=[running("low", 1, cpu="3", ports=[{"containerPort": 1, "hostPort": 1}])])
    before = (dict(cluster.node("a").requested), [*cluster.node("a").pods], dict(cluster.node("a").ports))
    tried(urgent(cpu="2"), cluster, [])

    after = (dict(cluster.node("a").requested), [*cluster.node("a").pods], dict(cluster.node("a").ports))
    assert after == before


@pytest.mark.parametrize(
    ("a", "b", "node_name"),
    [
        ([running("a", 5, cpu="4")], [running("b", 4, cpu="4")], "b"),
        ([running("a1", 4, cpu="2"), running("a2", 4, cpu="2")], [running("b", 4, cpu="4")], "b"),
        (
            [running("a", 4, cpu="4", since="2026-01-02T00:00:00Z")],
            [running("b", 4, cpu="4", since="2026-01-01T00:00:00Z")],
            "a",
        ),
        ([running("a", 4, cpu="4", labels={"guard": "y"})], [running("b", 9, cpu="4")], "b"),
    ],
    ids=["of lower priority", "fewer", "that began last", "whom no budget guards"],
)
def test_the_node_is_taken_whose_victims_matter_least(
    cluster: Cluster, a: list[Object], b: list[Object], node_name: str
) -> None:
    fill(cluster, a=a, b=b)
    found = tried(urgent(cpu="4"), cluster, [budget(0, guard="y")])

    assert (found.node, found.broken) == (node_name, 0)


def test_a_budget_keeps_pods_while_others_can_go(cluster: Cluster) -> None:
    guarded = running("guarded", 1, cpu="2", labels={"guard": "y"})
    fill(cluster, a=[guarded, running("free", 9, cpu="2")])

    assert told(tried(urgent(cpu="2"), cluster, [budget(0, guard="y")])) == ("a", {"free"})
    assert told(tried(urgent(cpu="2"), cluster, [budget(1, guard="y")])) == ("a", {"guarded"})


def test_not_whom_it_does_not_help_and_not_for_who_does_not_want_it(cluster: Cluster) -> None:
    fill(cluster, a=[running("low", 1, cpu="4")])

    told = {
        "elsewhere": tried(urgent(cpu="1", nodeSelector={"no": "where"}), cluster, []),
        "too large": tried(urgent(cpu="5"), cluster, []),
        "polite": tried(urgent(cpu="1", preemptionPolicy="Never"), cluster, []),
        "equal": tried(pod_info(pod("equal", priority=1, cpu="1")), cluster, []),
    }
    assert {name: found.message for name, found in told.items()} == {
        "elsewhere": _NOT_FOUND.format("1 Preemption is not helpful for scheduling"),
        "too large": _NOT_FOUND.format("1 Preemption is not helpful for scheduling"),
        "polite": "preemption: not eligible due to preemptionPolicy=Never.",
        "equal": _NOT_FOUND.format("1 No preemption victims found for incoming pod"),
    }
    assert {found.node for found in told.values()} == {""}


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 4)), max_size=6), st.integers(1, 4))
def test_with_the_victims_gone_there_is_room(others: list[tuple[int, int]], wanted: int) -> None:
    cluster = Cluster(None)  # type: ignore[arg-type]  # no pod has volumes
    pods = [running(f"p{i}", priority, cpu=str(cpu)) for i, (priority, cpu) in enumerate(others)]
    fill(cluster, a=pods)
    pod_ = pod_info(pod("urgent", priority=10, cpu=str(wanted)))
    found = tried(pod_, cluster, [])
    kept = sum(cpu for priority, cpu in others if priority >= 10)

    if not found.node:
        assert kept + wanted > 4 or sum(cpu for _, cpu in others) + wanted <= 4
        return
    assert all(victim.priority < 10 for victim in found.victims)
    gone = {victim.object["metadata"]["name"] for victim in found.victims}
    left = sum(cpu for i, (_, cpu) in enumerate(others) if f"p{i}" not in gone)
    assert left + wanted <= 4
