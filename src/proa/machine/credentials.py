"""Which certificates a cluster has and who gets which."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from ipaddress import ip_network

from proa.cluster.pki import Authority, Leaf, server_names, signing_key, write_kubeconfig
from proa.kube import join_host_port
from proa.machine.layout import Layout
from proa.machine.plan import GATEWAYS, Node, api_address
from proa.settings import Settings

REQUEST_HEADER_AUTHORITY = "request-header-ca"
ADMIN = Leaf("system:admin", ("system:masters",))
METRICS = Leaf("metrics-server", names=("metrics-server.kube-system.svc",))
FRONT_PROXY = Leaf("system:auth-proxy")
AGENT_GROUP = "proa:agents"
"""Whose members run the pod network, Services, DNS and local volumes of a node, beside its kubelet."""
KUBELET_CLIENT = Leaf("kube-apiserver-kubelet-client", ("system:masters",))


def prepare_server(settings: Settings, layout: Layout, addresses: Sequence[str]) -> Authority:
    """All that the API server needs, for these addresses of the machine; and the admin's kubeconfig."""
    authority = Authority.open(layout.tls)
    service_addresses = [str(ip_network(cidr)[1]) for cidr in settings.service_cidr]
    # The bridge's addresses are always in, so that a cluster may become one of several nodes.
    extra = [*map(str, GATEWAYS.values()), *addresses, *settings.tls_san]
    serving = Leaf("kube-apiserver", names=server_names(settings.cluster_domain, service_addresses, extra))
    leaves = {
        "server": serving,
        "admin": ADMIN,
        "apiserver-kubelet-client": KUBELET_CLIENT,
        "metrics-server": METRICS,
    }
    for name, leaf in leaves.items():
        authority.issue(leaf, layout.server_pair(name))
    front_proxy = Authority.open(layout.tls, REQUEST_HEADER_AUTHORITY)
    front_proxy.issue(FRONT_PROXY, layout.server_pair("client-auth-proxy"))
    signing_key(layout.signing_key)
    write_kubeconfig(
        settings.write_kubeconfig,
        _url("127.0.0.1" if _everywhere(settings) else settings.bind_address, settings),
        authority.files.certificate,
        layout.server_pair("admin"),
        "admin",
        settings.write_kubeconfig_mode,
    )
    return authority


def prepare_node(settings: Settings, layout: Layout, node: Node, authority: Authority) -> None:
    """The kubeconfigs of the node's kubelet and of its agent's other parts; what the kubelet serves with."""
    place = layout.node(node.name)
    serving = Leaf(f"system:node:{node.name}", ("system:nodes",), (node.name, *node.addresses, "127.0.0.1"))
    authority.issue(serving, place.serving)
    authority.issue(Leaf(f"system:node:{node.name}", ("system:nodes",)), place.client)
    shutil.copyfile(authority.files.certificate, place.authority)
    address = api_address([node]) if _everywhere(settings) else settings.bind_address
    authority.issue(Leaf(f"proa:agent:{node.name}", (AGENT_GROUP,)), place.agent_client)
    url = _url(address, settings)
    write_kubeconfig(place.kubeconfig, url, place.authority, place.client, f"system:node:{node.name}")
    write_kubeconfig(
        place.agent_kubeconfig, url, place.authority, place.agent_client, f"proa:agent:{node.name}"
    )


def _everywhere(settings: Settings) -> bool:
    return settings.bind_address in {"0.0.0.0", "::"}


def _url(address: str, settings: Settings) -> str:
    return f"https://{join_host_port(address, settings.https_listen_port)}"
