"""Where programs are reached."""

from typing import Any

import pytest

from proa.kube import join_host_port, kubelet_address


@pytest.mark.parametrize(("host", "text"), [("10.0.0.1", "10.0.0.1:80"), ("fd00::1", "[fd00::1]:80")])
def test_an_ipv6_address_stands_in_brackets(host: str, text: str) -> None:
    assert join_host_port(host, 80) == text


def node(*addresses: tuple[str, str], port: int = 0) -> dict[str, Any]:
    told = [{"type": kind, "address": address} for kind, address in addresses]
    endpoints = {"daemonEndpoints": {"kubeletEndpoint": {"Port": port}}} if port else {}
    return {"status": {"addresses": told} | endpoints}


def test_a_kubelet_is_reached_at_the_first_address_of_its_node() -> None:
    both = (("InternalIP", "10.0.0.1"), ("InternalIP", "fd00::1"), ("Hostname", "n1"))
    assert kubelet_address(node(*both)) == ("10.0.0.1", 10250)
    assert kubelet_address(node(("Hostname", "n1"), port=10350)) == ("n1", 10350)
    assert kubelet_address({}) is None
