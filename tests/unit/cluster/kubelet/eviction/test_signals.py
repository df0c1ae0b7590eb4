"""Thresholds, and how long a condition stays."""

from __future__ import annotations

from proa.cluster.kubelet.eviction.signals import Watch, shortages, signals
from proa.cluster.kubelet.eviction.thresholds import DISK, MEMORY, Amount, EvictionConfig, parse_thresholds
from proa.cluster.kubelet.stats.cgroup import CgroupUsage, MemoryUsage
from proa.cluster.kubelet.stats.filesystem import Filesystem
from proa.cluster.kubelet.stats.values import NodeUsage, Reading

_DEFAULTS = EvictionConfig().thresholds()
_FINE = {
    "memory.available": (1 << 30, 1 << 32),
    "nodefs.available": (50, 100),
    "nodefs.inodesFree": (50, 100),
    "imagefs.available": (50, 100),
    "imagefs.inodesFree": (50, 100),
    "pid.available": (5000, 30000),
}


def test_enough_of_everything() -> None:
    assert shortages(_FINE, _DEFAULTS) == []


def test_each_threshold() -> None:
    for signal, left in (
        ("memory.available", (100 << 20) - 1),
        ("nodefs.available", 9),
        ("nodefs.inodesFree", 4),
        ("imagefs.available", 14),
        ("imagefs.inodesFree", 4),
        ("pid.available", 999),
    ):
        (short,) = shortages(_FINE | {signal: (left, _FINE[signal][1])}, _DEFAULTS)
        assert short.threshold.signal == signal
        assert short.available == left < short.least


def test_memory_goes_first() -> None:
    found = shortages(_FINE | {"nodefs.available": (0, 100), "memory.available": (0, 100)}, _DEFAULTS)
    assert [short.threshold.condition for short in found] == [MEMORY, DISK]


def test_pods_may_be_short_of_memory_where_the_node_is_not() -> None:
    gib, disk = 1 << 30, Filesystem(100, 50, 50, 0, 0)
    reading = Reading(0, CgroupUsage(0, MemoryUsage(2 * gib, 2 * gib, 0, 0, 0), 5), None)
    node = NodeUsage("n", 0, 0, 10 * gib, reading, (), disk, disk, False, 0, 5, 100, [], pods_memory=gib)
    found = signals(node)
    assert found["memory.available"] == (8 * gib, 10 * gib)
    allocatable = 10 * gib - (100 << 20)
    assert found["allocatableMemory.available"] == (allocatable - gib, allocatable)
    config = EvictionConfig(hard=parse_thresholds("allocatableMemory.available<95%"))
    assert [s.threshold.condition for s in shortages(found, config.thresholds())] == [MEMORY]


def test_a_condition_outlasts_its_cause() -> None:
    watch = Watch(_DEFAULTS, transition=300)
    watch.note(_FINE | {"nodefs.available": (0, 100)}, now=1000)
    watch.note(_FINE, now=1010)
    assert watch.conditions(1299) == {DISK}
    assert watch.conditions(1300) == frozenset()


def test_a_soft_threshold_shows_at_once_and_evicts_when_it_lasts() -> None:
    config = EvictionConfig(
        hard={}, soft=parse_thresholds("memory.available<50%"), soft_grace_period={"memory.available": 90.0}
    )
    watch, low = Watch(config.thresholds(), transition=300), _FINE | {"memory.available": (40, 100)}
    assert watch.note(low, now=0) == []
    assert watch.conditions(0) == {MEMORY}
    assert watch.due_in(30) == 60
    assert [short.threshold.signal for short in watch.note(low, now=90)] == ["memory.available"]
    watch.note(_FINE | {"memory.available": (60, 100)}, now=100)
    assert watch.note(low, now=110) == [], "it begins anew"
    assert watch.due_in(500) is None


def test_more_than_the_threshold_is_reclaimed() -> None:
    config = EvictionConfig(
        hard=parse_thresholds("nodefs.available<10%"), minimum_reclaim={"nodefs.available": Amount(5)}
    )
    watch = Watch(config.thresholds(), transition=300)
    assert watch.note({"nodefs.available": (12, 100)}, now=0) == []
    for left, is_short in ((9, True), (14, True), (15, False), (12, False)):
        assert bool(watch.note({"nodefs.available": (left, 100)}, now=1)) == is_short, left
