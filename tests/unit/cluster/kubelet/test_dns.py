"""Resolver, host name and hosts file of a pod."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.kubelet import KubeletConfig
from proa.cluster.kubelet.dns import (
    Resolver,
    host_name,
    host_network_hosts_file,
    hosts_file,
    kernel_host_name,
    parse_resolver,
    pod_resolver,
)
from support.kubelet_objects import pod

HERE = Path()
CONFIG = KubeletConfig(
    node_name="n1",
    node_ips=("10.0.0.1",),
    data_dir=HERE,
    containerd_socket=HERE,
    tls_cert=HERE,
    tls_key=HERE,
    client_ca=HERE,
)
NODE = Resolver(["192.0.2.1"], ["corp.example"], ["timeout:1"])
CLUSTER = Resolver(
    ["10.43.0.10"], ["d.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.example"], ["ndots:5"]
)
TIMEOUT = {"name": "timeout", "value": "3"}
POLICIES: dict[str, tuple[dict[str, Any], Resolver]] = {
    "cluster first": ({}, CLUSTER),
    "the node's own": ({"dnsPolicy": "Default"}, NODE),
    "cluster first needs the pod's network": ({"hostNetwork": True}, NODE),
    "unless asked for": ({"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}, CLUSTER),
    "nothing but what is configured": (
        {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.1.1.1"], "searches": ["x"]}},
        Resolver(["1.1.1.1"], ["x"], []),
    ),
    "options are merged by name": (
        {
            "dnsPolicy": "Default",
            "dnsConfig": {"options": [{"name": "timeout", "value": "3"}, {"name": "edns0"}]},
        },
        Resolver(["192.0.2.1"], ["corp.example"], ["timeout:3", "edns0"]),
    ),
}


@pytest.mark.parametrize(("spec", "expected"), POLICIES.values(), ids=POLICIES.keys())
def test_resolver(spec: dict[str, Any], expected: Resolver) -> None:
    found = pod_resolver(pod(**spec), CONFIG, NODE)
    assert {k: list(v) for k, v in found.message().items()} == {
        k: list(v) for k, v in expected.message().items()
    }


def test_a_pod_asks_dns_of_both_families_and_three_servers_at_most() -> None:
    both = replace(CONFIG, cluster_dns=("10.43.0.10", "fd00:43::a"))
    assert list(pod_resolver(pod(), both, NODE).servers) == ["10.43.0.10", "fd00:43::a"]
    more: dict[str, Any] = {"dnsConfig": {"nameservers": ["192.0.2.1", "192.0.2.2"]}}
    assert list(pod_resolver(pod(**more), both, NODE).servers) == ["10.43.0.10", "fd00:43::a", "192.0.2.1"]


def test_a_resolv_conf_is_read() -> None:
    text = "# comment\nnameserver 1.1.1.1\nnameserver 2.2.2.2\nsearch a b\noptions ndots:2 edns0\n"
    assert parse_resolver(text) == Resolver(["1.1.1.1", "2.2.2.2"], ["a", "b"], ["ndots:2", "edns0"])


def test_host_names() -> None:
    assert host_name(pod(), CONFIG) == "web"
    assert host_name(pod(hostname="h"), CONFIG) == "h"
    assert host_name(pod(hostNetwork=True), CONFIG) == "n1"
    assert host_name(pod(metadata={"name": "a" * 62 + "-b"}), CONFIG) == "a" * 62


def test_a_pod_may_be_named_by_its_full_name_or_by_one_of_its_own() -> None:
    whole = pod(subdomain="s", setHostnameAsFQDN=True)
    assert kernel_host_name(whole, CONFIG) == f"web.s.d.svc.{CONFIG.cluster_domain}"
    assert kernel_host_name(pod(setHostnameAsFQDN=True), CONFIG) == "web"
    own = pod(hostname="h", subdomain="s", hostnameOverride="a.b")
    assert kernel_host_name(own, CONFIG) == "a.b"
    assert "10.42.0.5\ta.b\n" in hosts_file(own, CONFIG, ["10.42.0.5"])


def test_hosts_file_names_the_pod_and_its_aliases() -> None:
    aliases = [{"ip": "1.2.3.4", "hostnames": ["x", "y"]}]
    text = hosts_file(pod(hostname="h", subdomain="s", hostAliases=aliases), CONFIG, ["10.42.0.5"])
    assert "10.42.0.5\th.s.d.svc.cluster.local\th\n" in text
    assert text.endswith("1.2.3.4\tx\ty\n")


def test_hosts_file_of_the_node_tells_by_its_first_line_that_it_is() -> None:
    text = host_network_hosts_file(pod(), "127.0.0.1 localhost\n")

    assert text == "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n"
