"""Thresholds, and how long a condition stays."""

from proa.cluster.kubelet.eviction.signals import DISK, MEMORY, Pressures, shortages

_FINE = {
    "memory.available": (1 << 30, 1 << 32),
    "nodefs.available": (50, 100),
    "nodefs.inodesFree": (50, 100),
    "imagefs.available": (50, 100),
    "pid.available": (5000, 30000),
}


def test_enough_of_everything() -> None:
    assert shortages(_FINE) == []


def test_each_threshold() -> None:
    for signal, left in (
        ("memory.available", (100 << 20) - 1),
        ("nodefs.available", 9),
        ("nodefs.inodesFree", 4),
        ("imagefs.available", 14),
        ("pid.available", 999),
    ):
        (short,) = shortages(_FINE | {signal: (left, _FINE[signal][1])})
        assert short.threshold.signal == signal
        assert short.available == left < short.least


def test_memory_goes_first() -> None:
    found = shortages(_FINE | {"nodefs.available": (0, 100), "memory.available": (0, 100)})
    assert [short.threshold.condition for short in found] == [MEMORY, DISK]


def test_a_condition_outlasts_its_cause() -> None:
    pressures = Pressures(transition=300)
    pressures.note(shortages(_FINE | {"nodefs.available": (0, 100)}), now=1000)
    pressures.note([], now=1010)
    assert pressures.at(1299) == {DISK}
    assert pressures.at(1300) == frozenset()
