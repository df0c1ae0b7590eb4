"""The features as node agents, beside a kubelet and an API server that are not ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from proa import services, storage
from proa.cluster import dns
from proa.cluster.dns import DnsConfig, DnsServer
from proa.kube import Client, HttpClient, Manager, load_config
from proa.machine.layout import Layout
from proa.network.agent import NetworkAgent
from proa.network.config import NetworkConfig
from proa.network.netconf import net_conf
from proa.services import ServiceProxy, ServiceProxyConfig
from proa.settings import Settings
from proa.storage import LocalPathProvisioner, StorageConfig


@dataclass(frozen=True)
class NetworkPlaces:
    """Where a node's pod network keeps its books and where its runtime looks for it."""

    data: Path
    socket: Path
    conf_dir: Path
    bin_dir: Path


def start_node(group: asyncio.TaskGroup, client: Client, settings: Settings, places: NetworkPlaces) -> None:
    """Start the node half: pod network, Services, DNS and local volumes."""
    group.create_task(NetworkAgent(network_config(settings, places), client).run())
    watched = Manager(client)  # proxy and DNS watch the same
    if settings.disable_kube_proxy:
        services.cleanup()
    else:
        group.create_task(ServiceProxy(watched, proxy_config(settings)).run())
    if "coredns" not in settings.disable:
        group.create_task(DnsServer(watched, dns_config(settings)).run())
    group.create_task(watched.run())
    if "local-storage" not in settings.disable:
        provisioner = LocalPathProvisioner(client, settings.node_name, storage_config(settings))
        group.create_task(provisioner.run())


def add_cluster(manager: Manager, settings: Settings) -> None:
    """Run the cluster-wide half with the manager: what exists once, such as the Service `kube-dns`."""
    if "coredns" not in settings.disable:
        dns.setup(manager, settings.cluster_dns)
    if "local-storage" not in settings.disable:
        storage.setup(manager, storage_config(settings))


def node(kubeconfig: Path, places: NetworkPlaces) -> Callable[[Settings], Coroutine[None, None, None]]:
    """The node half as a part of its own."""

    async def run(settings: Settings) -> None:
        client = HttpClient(load_config(kubeconfig))
        try:
            async with asyncio.TaskGroup() as group:
                start_node(group, client, settings, places)
        finally:
            await client.close()

    return run


def cluster(kubeconfig: Path) -> Callable[[Settings], Coroutine[None, None, None]]:
    """The cluster-wide half as a part of its own."""

    async def run(settings: Settings) -> None:
        client = HttpClient(load_config(kubeconfig))
        try:
            manager = Manager(client)
            add_cluster(manager, settings)
            await manager.run()
        finally:
            await client.close()

    return run


def network_config(settings: Settings, places: NetworkPlaces) -> NetworkConfig:
    return NetworkConfig(
        node_name=settings.node_name,
        data_dir=places.data,
        socket=places.socket,
        cni_conf_dir=places.conf_dir,
        bin_dir=places.bin_dir,
        conf=net_conf(settings.cluster_cidr, settings.flannel_backend),
        node_ips=() if settings.flannel_iface else tuple(map(ip_address, settings.node_ip)),
        interface=settings.flannel_iface,
        ipv6_masquerade=settings.flannel_ipv6_masq,
    )


def proxy_config(settings: Settings) -> ServiceProxyConfig:
    return ServiceProxyConfig(
        node_name=settings.node_name,
        node_ips=settings.node_ip,
        cluster_cidrs=settings.cluster_cidr,
        service_cidrs=settings.service_cidr,
    )


def dns_config(settings: Settings) -> DnsConfig:
    return DnsConfig(
        addresses=settings.node_ip,
        service_addresses=settings.cluster_dns,
        domain=settings.cluster_domain,
        cluster_cidrs=settings.cluster_cidr,
    )


def storage_config(settings: Settings) -> StorageConfig:
    layout = Layout(settings.data_dir, settings.run_dir)
    return StorageConfig(str(settings.default_local_storage_path or layout.storage))
