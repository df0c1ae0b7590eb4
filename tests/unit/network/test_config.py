"""flannel's net-conf."""

import json
from ipaddress import ip_network
from typing import Any

import pytest

from proa.errors import KernelError, UserError
from proa.kernel import probe
from proa.network import backends, net_conf, parse_net_conf
from proa.network.backends.none import NoNetwork
from proa.network.backends.vxlan import VxlanBackend
from proa.network.netconf import Range

NETWORK = ip_network("10.42.0.0/16")
NET = {"Network": str(NETWORK)}
NET6 = {**NET, "EnableIPv6": True, "IPv6Network": "fd42::/48"}


def parse(**conf: Any) -> Any:
    return parse_net_conf(json.dumps(conf))


def test_defaults_are_flannels() -> None:
    conf = parse(Network="10.42.0.0/16")
    assert conf.backend == VxlanBackend(vni=1, port=8472)
    assert conf.ranges == (Range(NETWORK, 24, ip_network("10.42.1.0/24"), ip_network("10.42.255.0/24")),)


def test_ipv6_defaults_are_flannels() -> None:
    conf = parse(**NET6)
    network = ip_network("fd42::/48")
    assert conf.networks == (NETWORK, network)
    assert conf.ranges[1] == Range(
        network, 64, ip_network("fd42:0:0:1::/64"), ip_network("fd42:0:0:ffff::/64")
    )
    assert parse(**{**NET6, "IPv6Network": "fd42::/112"}).ranges[1].subnet_length == 114


def test_ipv6_alone() -> None:
    conf = parse(EnableIPv4=False, EnableIPv6=True, IPv6Network="fd42::/48", IPv6SubnetMin="fd42:0:0:9::")
    assert conf.default_subnets == (ip_network("fd42:0:0:9::/64"),)


def test_cluster_cidrs_are_of_one_or_two_families() -> None:
    assert net_conf(["fd42::/48", "10.42.0.0/16"]) == parse(**NET6)
    assert net_conf(["fd42::/48"]).networks == (ip_network("fd42::/48"),)


def test_small_network_has_smaller_subnets() -> None:
    assert parse(Network="10.42.0.0/24").ranges[0].subnet_length == 26


def test_every_key() -> None:
    options = {"Type": "vxlan", "VNI": 7, "Port": 4789, "MTU": 1400, "DirectRouting": True, "GBP": False}
    conf = parse(
        Network="10.0.0.0/8", SubnetLen=20, SubnetMin="10.10.0.0", SubnetMax="10.99.0.0", EnableIPv4=True,
        Backend=options,
    )  # fmt: skip
    assert conf.backend == VxlanBackend(7, 4789, 1400, direct_routing=True)
    assert conf.default_subnets == (ip_network("10.10.0.0/20"),)


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({}, "net-conf: Network is missing"),
        ({"Network": "10.42.0.0/33"}, "Network: "),
        ({"Network": "fd00::/48"}, "fd00::/48 is not an IPv4 network"),
        ({"Network": "10.42.0.0/29"}, "too small; the smallest is a /28"),
        ({**NET, "Subnet": 1}, "unknown key Subnet; the keys are: Backend, EnableIPv4"),
        ({**NET, "SubnetLen": 17}, "SubnetLen must be a number from 18 to 30"),
        (
            {"Network": "10.42.0.0/16", "SubnetMin": "10.42.0.7"},
            "SubnetMin: 10.42.0.7 is not the first address",
        ),
        (
            {"Network": "10.42.0.0/16", "SubnetMin": "10.43.0.0"},
            "SubnetMin: 10.43.0.0 is not within 10.42.0.0/16",
        ),
        (
            {"Network": "10.42.0.0/16", "SubnetMin": "10.42.9.0", "SubnetMax": "10.42.3.0"},
            "is below SubnetMin",
        ),
        ({**NET, "EnableIPv4": False}, "EnableIPv4 or EnableIPv6 must be true"),
        ({**NET, "EnableIPv6": "yes"}, "EnableIPv6 must be true or false, not 'yes'"),
        (
            {**NET, "EnableIPv6": True},
            "IPv6Network is missing: give the range of all pods, such as fd42",
        ),
        ({**NET6, "IPv6Network": "10.0.0.0/8"}, "IPv6Network: 10.0.0.0/8 is not an IPv6 network"),
        ({**NET6, "IPv6Network": "fd42::/125"}, "too small; the smallest is a /124"),
        ({**NET6, "IPv6SubnetLen": 49}, "IPv6SubnetLen must be a number from 50 to 126"),
        ({**NET6, "IPv6SubnetMin": "fd42::1"}, "IPv6SubnetMin: fd42::1 is not the first address of a /64"),
        ({**NET6, "IPv6SubnetMax": "fd43::"}, "IPv6SubnetMax: fd43:: is not within fd42::/48"),
        ({**NET, "Backend": "vxlan"}, "Backend must be an object"),
        (
            {"Network": "10.42.0.0/16", "Backend": {"Type": "udp"}},
            "'udp' is unknown; available are: host-gw, none, v",
        ),
        ({**NET, "Backend": {"VNI": "1"}}, "VNI must be a number, not '1'"),
        ({**NET, "Backend": {"VNI": 0}}, "VNI 0 is not within"),
        ({**NET, "Backend": {"Port": 70000}}, "Port 70000 is not within"),
        ({**NET, "Backend": {"GBP": True}}, "GBP is not supported"),
        ({**NET, "Backend": {"Type": "host-gw", "VNI": 1}}, "host-gw has no key VNI"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_named(conf: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_net_conf(json.dumps(conf))
    assert message in str(refused.value)


def test_text_that_is_no_json() -> None:
    with pytest.raises(UserError, match="net-conf is not JSON"):
        parse_net_conf("{")


def test_flannel_backend_flag() -> None:
    assert isinstance(net_conf(["10.42.0.0/16"], "none").backend, NoNetwork)
    with pytest.raises(UserError, match="'ipsec' is unknown"):
        net_conf(["10.42.0.0/16"], "ipsec")


def test_a_backend_that_the_kernel_lacks_is_refused_with_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    def device(kind: str) -> None:
        raise KernelError(f"create {kind} device probe: the kernel lacks CONFIG_VXLAN")

    monkeypatch.setattr(probe, "device", device)
    with pytest.raises(UserError, match=r"backend vxlan: .* CONFIG_VXLAN; this kernel has: host-gw, none"):
        backends.require(VxlanBackend())


def test_two_backends_of_one_name_end_the_import() -> None:
    with pytest.raises(RuntimeError, match="two backends are named none"):
        backends.registry([NoNetwork, NoNetwork])
