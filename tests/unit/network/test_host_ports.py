"""Host ports as values: what a runtime asks for, what clashes, which elements they become."""

from ipaddress import ip_address
from typing import Any

import pytest

from proa.network import host_ports
from proa.network.cni import CniError
from proa.network.host_ports import HostPort, PortTaken

_BOTH = (ip_address("10.42.1.9"), ip_address("fd42::9"))
_MAPPING = {"hostPort": 80, "containerPort": 8080, "protocol": "tcp"}


def asked(*mappings: dict[str, Any]) -> tuple[HostPort, ...]:
    return host_ports.requested({"runtimeConfig": {"portMappings": list(mappings)}})


def test_unspecified_addresses_mean_all() -> None:
    everywhere = HostPort("tcp", 80, "", 8080)
    for host in ("", "0.0.0.0", "::"):
        assert asked(_MAPPING | {"hostIP": host}) == (everywhere,)
    assert asked(_MAPPING | {"hostIP": "fd00:0::1"}) == (HostPort("tcp", 80, "fd00::1", 8080),)


def test_keys_are_read_as_containerd_writes_them() -> None:
    told = {"HostPort": 80, "ContainerPort": 8080, "Protocol": "TCP", "HostIP": ""}
    assert asked(told) == asked(_MAPPING)


def test_ports_without_host_port_and_repetitions_are_left_out() -> None:
    assert asked({"containerPort": 9}, {"containerPort": 9, "hostPort": 0}) == ()
    assert len(asked(_MAPPING, _MAPPING)) == 1
    assert host_ports.requested({}) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"protocol": "icmp"},
        {"hostPort": 65536},
        {"containerPort": 0},
        {"hostIP": "localhost"},
        {"hostPort": "http"},
    ],
)
def test_what_makes_no_sense_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(CniError, match=str(next(iter(wrong.values())))) as refused:
        asked(_MAPPING | wrong)
    assert refused.value.code == 7


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (("tcp", 80, ""), ("tcp", 80, ""), True),
        (("tcp", 80, ""), ("tcp", 80, "10.0.0.1"), True),
        (("tcp", 80, "10.0.0.1"), ("tcp", 80, "10.0.0.2"), False),
        (("tcp", 80, ""), ("udp", 80, ""), False),
        (("tcp", 80, ""), ("tcp", 81, ""), False),
    ],
)
def test_clashes(one: tuple[str, int, str], other: tuple[str, int, str], clash: bool) -> None:
    first, second = HostPort(*one, 1), HostPort(*other, 2)
    assert first.clashes(second) is second.clashes(first) is clash
    if clash:
        with pytest.raises(PortTaken, match="leads to web"):
            host_ports.check_free([first], [("idle", ()), ("web", (second,))])


def test_elements_of_both_families() -> None:
    found = dict(host_ports.elements([HostPort("tcp", 80, "", 8080)], _BOTH))
    assert found["host_ports4", "tcp . 80"] == "10.42.1.9 . 8080"
    assert found["host_ports6", "tcp . 80"] == "fd42::9 . 8080"
    assert found["host_ports_pods4", "10.42.1.9 . 10.42.1.9"] == ""


def test_a_host_address_leads_to_the_address_of_its_family() -> None:
    found = dict(host_ports.elements([HostPort("udp", 53, "192.0.2.1", 53)], _BOTH))
    assert found == {
        ("host_ports_at4", "192.0.2.1 . udp . 53"): "10.42.1.9 . 53",
        ("host_ports_pods4", "10.42.1.9 . 10.42.1.9"): "",
    }


def test_every_element_has_a_map_that_takes_it() -> None:
    ports = [HostPort("sctp", 7, "", 7), HostPort("udp", 53, "192.0.2.1", 53), HostPort("tcp", 1, "::1", 1)]
    layouts = host_ports.layouts()
    for (name, key), value in host_ports.elements(ports, _BOTH):
        assert len(key.split(" . ")) == len(layouts[name].key)
        assert len(value.split(" . ")) == len(layouts[name].value)
