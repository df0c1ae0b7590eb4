"""Cumulative processor time becomes a rate."""

from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.kubelet.stats.rate import CpuRates

_SECOND = 1_000_000_000


def test_the_first_reading_has_no_rate() -> None:
    assert CpuRates().observe("a", 5, 0) is None


def test_half_a_core() -> None:
    rates = CpuRates()
    rates.observe("a", 0, 0)
    assert rates.observe("a", _SECOND, 2 * _SECOND) == _SECOND // 2


def test_readings_close_together_keep_the_rate() -> None:
    rates = CpuRates()
    rates.observe("a", 0, 0)
    rates.observe("a", _SECOND, 2 * _SECOND)
    assert rates.observe("a", 2 * _SECOND, 2 * _SECOND + 1) == _SECOND // 2


def test_a_cgroup_made_anew_starts_again() -> None:
    rates = CpuRates()
    rates.observe("a", _SECOND, 0)
    assert rates.observe("a", 5, 2 * _SECOND) is None


def test_forgotten_ones_start_again() -> None:
    rates = CpuRates()
    rates.observe("a", 0, 0)
    rates.keep({"b"})
    assert rates.observe("a", _SECOND, 2 * _SECOND) is None


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**11)), max_size=20))
def test_a_rate_is_never_negative(steps: list[tuple[int, int]]) -> None:
    rates, at, cpu = CpuRates(), 0, 0
    for used, passed in steps:
        at, cpu = at + passed, cpu + used
        rate = rates.observe("a", cpu, at)
        assert rate is None or rate >= 0
