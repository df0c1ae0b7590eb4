"""The order in which addresses are given out."""

from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.network.pool import Exhausted, Pool

SMALL = ip_network("10.42.1.0/29")


def take(pool: Pool, count: int) -> list[str]:
    return [str(pool.take()) for _ in range(count)]


def test_new_addresses_first_then_the_longest_released() -> None:
    pool = Pool(SMALL)
    assert take(pool, 2) == ["10.42.1.1", "10.42.1.2"]
    pool.release(ip_address("10.42.1.2"))
    pool.release(ip_address("10.42.1.1"))
    assert take(pool, 6) == [f"10.42.1.{it}" for it in (3, 4, 5, 6, 2, 1)]


def test_exhaustion_names_range_counts_and_remedy() -> None:
    pool = Pool(SMALL)
    take(pool, 6)
    expected = r"no free address in 10\.42\.1\.0/29: 6 of 6 .*--node-cidr-mask-size"
    with pytest.raises(Exhausted, match=expected):
        pool.take()


def test_node_address_and_broadcast_are_never_given_out() -> None:
    assert {"10.42.1.0", "10.42.1.7"}.isdisjoint(take(Pool(SMALL), 6))


def test_restored_order_is_kept() -> None:
    used, released = [ip_address("10.42.1.3")], [ip_address("10.42.1.2"), ip_address("10.42.1.1")]
    assert take(Pool(SMALL, used=used, released=released), 5) == [f"10.42.1.{it}" for it in (4, 5, 6, 2, 1)]


def test_addresses_of_another_range_are_left_out() -> None:
    pool = Pool(SMALL, used=[ip_address("10.9.0.1")], released=[ip_address("10.9.0.2")])
    assert (pool.used, pool.size) == (0, 6)
    pool.release(ip_address("10.9.0.1"))
    assert take(pool, 1) == ["10.42.1.1"]


def test_untaken_address_is_not_lost() -> None:
    pool = Pool(SMALL)
    pool.untake(pool.take())
    assert sorted(take(pool, 6)) == [f"10.42.1.{it}" for it in range(1, 7)]


def test_ipv6_range_is_not_walked_through() -> None:
    pool = Pool(ip_network("fd00:42::/64"))
    assert take(pool, 2) == ["fd00:42::1", "fd00:42::2"]


@given(st.lists(st.integers(0, 20), max_size=60))
def test_no_address_is_ever_held_twice(steps: list[int]) -> None:
    """Each step takes (even) or releases one that is held (odd)."""
    pool = Pool(SMALL)
    held: list[IPv4Address] = []
    for step in steps:
        if step % 2 and held:
            pool.release(held.pop(step % len(held)))
        elif len(held) < pool.size:
            address = pool.take()
            assert isinstance(address, IPv4Address)
            assert address not in held
            assert address in SMALL
            held.append(address)
        assert pool.used == len(held)
