"""The kernel room against the kernel: namespaces, bridges, nftables, probes."""

import errno
import os
import subprocess
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, ip_interface, ip_network
from pathlib import Path

import pytest

from proa.errors import KernelError
from proa.kernel import addresses, entries, forwarding, links, netns, nftables, probe, sysctl, topology
from proa.kernel.addresses import Address
from proa.kernel.links import Link
from proa.kernel.netlink import Message, Netlink, NetlinkError
from proa.kernel.nftables import Chain, Nftables, NftError
from proa.kernel.routes import Route
from support.network_lab import source_seen

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture
def name() -> Iterator[str]:
    made = f"pkern{os.getpid() % 100_000}"
    yield made
    for suffix in ("", "-a", "-b"):
        netns.delete(made + suffix)


def here() -> int:
    return Path(f"/proc/self/task/{threading.get_native_id()}/ns/net").stat().st_ino


def test_namespace_is_made_with_loopback_up_and_deleted(name: str) -> None:
    path = netns.create(name)
    assert netns.create(name) == path
    with netns.socket_in(path) as netlink:
        assert links.get(netlink, "lo").up
    netns.delete(name)
    netns.delete(name)
    assert not path.exists()


def test_a_thread_comes_back_also_after_an_error(name: str) -> None:
    path, before, seen = netns.create(name), here(), []

    def fail() -> None:
        seen.append(here())
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        netns.run(path, fail)
    assert seen == [path.stat().st_ino]
    assert here() == before


def test_missing_namespace_is_named() -> None:
    with pytest.raises(KernelError, match="network namespace /run/netns/never: no such file"):
        netns.socket_in("/run/netns/never")


def test_hosts_on_a_bridge_are_masqueraded_outside(name: str) -> None:
    network = ip_network("10.78.0.0/24")
    router = netns.create(name)
    with netns.entered(router):
        for _ in range(2):
            topology.ensure_bridge("br0", IPv4Interface("10.78.0.1/24"))
            for number, suffix in ((2, "-a"), (3, "-b")):
                topology.attach(
                    name + suffix, bridge="br0", host_device=f"h{number}",
                    address=IPv4Interface(f"10.78.0.{number}/24"), gateway=IPv4Address("10.78.0.1"),
                )  # fmt: skip
            topology.masquerade("hosts", [network])
        assert sysctl.read("net/ipv4/ip_forward") == "1"
    one, two = netns.NAMES / f"{name}-a", netns.NAMES / f"{name}-b"
    assert source_seen(one, two, "10.78.0.3") == "10.78.0.2"
    assert source_seen(one, router, "10.78.0.1") == "10.78.0.2"


def test_a_state_that_was_applied_needs_no_change() -> None:
    with netns.throwaway(), Netlink() as netlink:
        index = links.ensure(netlink, Link("br0", "bridge"))
        hop = IPv4Address("10.0.0.2")
        ways = frozenset(Route(ip_network(f"10.{it}.0.0/16"), index, via=hop) for it in range(1, 200))
        wanted = entries.Entries(frozenset([Address(IPv4Interface("10.0.0.1/24"), index)]), ways)
        netlink.execute(entries.difference(entries.Entries(), wanted))
        found = entries.owned(entries.read(netlink), {index})
        assert entries.difference(found, wanted) == []
        netlink.execute(entries.difference(found, entries.Entries()))
        assert entries.owned(entries.read(netlink), {index}) == entries.Entries()


def test_all_of_a_batch_is_tried_and_the_first_failure_told() -> None:
    with netns.throwaway(), Netlink() as netlink:
        held = Address(IPv4Interface("10.0.0.1/24"), links.ensure(netlink, Link("br0", "bridge")))
        bad = addresses.add(Address(IPv4Interface("10.0.0.2/24"), 4711))
        with pytest.raises(NetlinkError, match=r"add address 10\.0\.0\.2/24"):
            netlink.execute([bad, addresses.add(held)])
        assert held in addresses.all_addresses(netlink)
        netlink.execute([Message(bad.kind, bad.body, bad.flags, ignore=(errno.ENODEV,))])


def test_a_device_of_another_kind_is_not_touched() -> None:
    with netns.throwaway(), Netlink() as netlink:
        links.ensure(netlink, Link("x", "bridge"))
        with pytest.raises(NetlinkError, match="create vxlan device x: a bridge device has that name"):
            links.ensure(netlink, Link("x", "vxlan"))


def test_chains_of_one_table_do_not_disturb_each_other() -> None:
    with netns.throwaway(), Nftables() as nft:
        nft.apply([Chain("one", ("ip saddr 10.0.0.1 accept",))])
        before = nft.listing("one")
        nft.apply([Chain("two", ("ip saddr 10.0.0.2 accept",), hook=nftables.SRCNAT)])
        assert nft.listing("one") == before
        nft.withdraw(["one", "never"])
        assert nft.listing("one") is None
        assert nft.listing("two") is not None
        nft.withdraw(["two"])
        assert nft.run("list tables") == ""


def test_a_refused_transaction_changes_nothing() -> None:
    with netns.throwaway(), Nftables() as nft:
        nft.apply([Chain("one", ("accept",))])
        before = nft.run("list ruleset")
        with pytest.raises(NftError):
            nft.run("flush chain inet proa one\nadd rule inet proa nowhere accept\n")
        assert nft.run("list ruleset") == before


def test_probes_try_and_name_the_option() -> None:
    assert probe.missing("veth") == ""
    missing = probe.missing("nonsense")
    assert "create nonsense device probe" in missing
    assert "the kernel lacks" in missing


def test_a_setting_that_stands_is_not_written(name: str) -> None:
    with netns.entered(netns.create(name)):
        sysctl.write("net/ipv4/ip_forward", 1)
        sysctl.write("net/ipv4/ip_forward", "1")
        assert sysctl.read("net/ipv4/ip_forward") == "1"
        with pytest.raises(KernelError, match="kernel setting net/ipv4/nonsense: no such file"):
            sysctl.write("net/ipv4/nonsense", 1)


def test_a_host_that_forwards_ipv6_goes_on_hearing_router_advertisements() -> None:
    with netns.throwaway(), Netlink() as netlink:
        for name in ("listens", "deaf"):
            links.ensure(netlink, Link(name, "bridge"))
        listens, deaf = (f"net/ipv6/conf/{name}/accept_ra" for name in ("listens", "deaf"))
        sysctl.write(deaf, 0)
        before = forwarding.present(6)
        for _ in range(2):
            forwarding.enable(6)
        assert [sysctl.read(it) for it in (forwarding.SETTINGS[6], listens, deaf)] == ["1", "2", "0"]
        links.ensure(netlink, Link("later", "bridge"))
        links.delete(netlink, ["deaf"])
        sysctl.restore(before | {deaf: "0"})
        assert [sysctl.read(it) for it in (forwarding.SETTINGS[6], listens)] == ["0", "1"]


def test_addresses_that_do_not_last_are_told_from_others() -> None:
    with netns.throwaway(), Netlink() as netlink:
        index = links.ensure(netlink, Link("br0", "bridge"))
        for text in ("10.0.0.1/24", "10.0.0.2/24", "fd00::1/64"):
            netlink.execute([addresses.add(Address(ip_interface(text), index))])
        subprocess.run(
            ["ip", "addr", "add", "fd00::2/64", "dev", "br0", "nodad", "preferred_lft", "0"], check=True
        )
        found = {str(it.interface.ip): it.lasting for it in addresses.all_addresses(netlink)}
    assert [found[it] for it in ("10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2")] == [True, False, True, False]
