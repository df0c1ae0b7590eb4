"""Allocations over restarts: the store under the pools."""

import sqlite3
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proa.errors import UserError
from proa.network.ipam import Ipam
from proa.network.pool import Exhausted
from proa.network.store import AllocationStore

SUBNET = ip_network("10.42.1.0/29")
SUBNET6 = ip_network("fd00:42::/64")


_OPENED: list[Ipam] = []


@pytest.fixture(autouse=True, scope="module")
def _closes_all() -> Iterator[None]:
    yield
    while _OPENED:
        _OPENED.pop().close()


def opened(path: Path, *subnets: str) -> Ipam:
    ipam = Ipam(AllocationStore(path / "a.db"), [ip_network(it) for it in subnets] or [SUBNET])
    _OPENED.append(ipam)
    return ipam


def test_an_interface_has_the_same_address_after_a_restart(tmp_path: Path) -> None:
    before = opened(tmp_path)
    first = before.allocate("dev1", "c1", "eth0")
    before.close()
    after = opened(tmp_path)
    assert after.allocate("dev1", "c1", "eth0") == first
    assert after.allocate("dev2", "c2", "eth0").addresses == (ip_address("10.42.1.2"),)


def test_without_a_close_nothing_is_lost(tmp_path: Path) -> None:
    crashed = opened(tmp_path)
    held = crashed.allocate("dev1", "c1", "eth0")
    assert opened(tmp_path).get("dev1") == held


def test_release_order_survives_a_restart(tmp_path: Path) -> None:
    before = opened(tmp_path)
    for name in ("a", "b", "c", "d", "e", "f"):
        before.allocate(name, name, "eth0")
    before.release(["d"])
    before.release(["b"])
    before.close()
    after = opened(tmp_path)
    assert [str(after.allocate(name, name, "eth0").addresses[0]) for name in "xy"] == [
        "10.42.1.4",
        "10.42.1.2",
    ]


def test_dual_stack_gives_one_address_of_each(tmp_path: Path) -> None:
    ipam = opened(tmp_path, str(SUBNET), str(SUBNET6))
    assert ipam.allocate("dev", "c", "eth0").addresses == (ip_address("10.42.1.1"), ip_address("fd00:42::1"))
    assert opened(tmp_path, str(SUBNET), str(SUBNET6)).get("dev") == ipam.get("dev")


def test_the_primary_family_comes_first_after_a_restart_too(tmp_path: Path) -> None:
    held = opened(tmp_path, str(SUBNET6), str(SUBNET)).allocate("dev", "c", "eth0")
    assert [it.version for it in held.addresses] == [6, 4]
    after = opened(tmp_path, str(SUBNET6), str(SUBNET))
    assert after.get("dev") == held
    found = [ip_address("10.42.1.5"), ip_address("fd00:42::5")]
    (adopted,) = after.reconcile({"dev": found[:1], "foreign": found}).adopted
    assert list(adopted.addresses) == found[::-1]


def test_exhaustion_in_one_range_takes_nothing_from_the_other(tmp_path: Path) -> None:
    ipam = opened(tmp_path, str(SUBNET6), "10.42.1.0/30")
    for name in "ab":
        ipam.allocate(name, name, "eth0")
    with pytest.raises(Exhausted):
        ipam.allocate("c", "c", "eth0")
    assert [used for _, used, _ in ipam.usage()] == [2, 2]


def test_what_the_disk_refuses_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ipam = opened(tmp_path)

    def full(self: AllocationStore, allocation: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(AllocationStore, "insert", full)
        with pytest.raises(sqlite3.OperationalError):
            ipam.allocate("dev", "c", "eth0")
    assert ipam.usage() == [(SUBNET, 0, 6)]
    assert ipam.get("dev") is None


def test_reconcile_adopts_what_runs_and_frees_what_is_gone(tmp_path: Path) -> None:
    ipam = opened(tmp_path)
    ipam.allocate("gone", "c1", "eth0")
    ipam.allocate("kept", "c2", "eth0")
    used = ip_address("10.42.1.5")
    changes = ipam.reconcile({"kept": [ip_address("10.42.1.2")], "foreign": [used]})
    assert [it.device for it in changes.released] == ["gone"]
    assert [it.addresses for it in changes.adopted] == [(used,)]
    assert {it.device for it in ipam.all()} == {"kept", "foreign"}
    taken = [ipam.allocate(name, name, "eth0").addresses[0] for name in "abcd"]
    assert used not in taken


def test_release_of_the_unknown_is_nothing(tmp_path: Path) -> None:
    assert opened(tmp_path).release(["never"]) == []


def test_damaged_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(UserError, match=r"a\.db: file is not a database; move it away"):
        AllocationStore(path)
    assert path.read_bytes().startswith(b"this is no database")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["add", "del", "restart"])), max_size=20)
)
def test_no_address_is_held_twice_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("ipam")
    ipam = opened(path)
    for name, step in steps:
        if step == "add" and len(ipam.all()) < 6:
            ipam.allocate(name, name, "eth0")
        elif step == "del":
            ipam.release([name])
        elif step == "restart":
            ipam.close()
            ipam = opened(path)
        held = [it for allocation in ipam.all() for it in allocation.addresses]
        assert len(held) == len(set(held))
    ipam.close()
