"""The node agent: kubelet, pod network, Services, DNS and local volumes of one node."""

from __future__ import annotations

import asyncio
import logging

from proa.cli.parts import features
from proa.cli.parts.running import main
from proa.cluster.kubelet import Kubelet, KubeletConfig
from proa.cluster.kubelet.arguments import parse_arguments
from proa.errors import ApiError, ServiceUnavailable
from proa.kube import NAMESPACES, Client, HttpClient, Object, load_config
from proa.machine.layout import Layout
from proa.settings import Settings

_log = logging.getLogger(__name__)
_FIRST_ATTEMPTS, _ASK_AGAIN = 500, 0.02


async def agent(settings: Settings) -> None:
    """Run the agent until cancelled. Ends as a whole when one of its halves fails."""
    layout = Layout(settings.data_dir, settings.run_dir)
    place = layout.node(settings.node_name)
    config = kubelet_config(settings, layout)
    kubelet, client = (HttpClient(load_config(file)) for file in (place.kubeconfig, place.agent_kubeconfig))
    try:
        await _reachable(client)
        async with asyncio.TaskGroup() as group:
            group.create_task(Kubelet(kubelet, config).run())
            features.start_node(group, client, settings, network_places(settings, layout))
    finally:
        await kubelet.close()
        await client.close()


async def _reachable(client: Client) -> None:
    """Returns when the API server answers: it starts beside us, and a back-off would sleep too long."""
    for _ in range(_FIRST_ATTEMPTS):
        try:
            await client.list(NAMESPACES, limit=1)
        except ServiceUnavailable:
            await asyncio.sleep(_ASK_AGAIN)
        except ApiError as error:
            _log.info("the API server answers: %s", error)
            return
        else:
            return


def kubelet_config(settings: Settings, layout: Layout) -> KubeletConfig:
    place = layout.node(settings.node_name)
    return KubeletConfig(
        node_name=settings.node_name,
        node_ips=settings.node_ip,
        data_dir=settings.data_dir,
        containerd_socket=place.containerd_socket,
        tls_cert=place.serving.certificate,
        tls_key=place.serving.key,
        client_ca=place.authority,
        max_pods=settings.max_pods,
        cluster_dns=settings.cluster_dns,
        cluster_domain=settings.cluster_domain,
        labels=dict(label.split("=", 1) for label in settings.node_label),
        arguments=parse_arguments(settings.kubelet_arg),
        taints=[taint_of(text) for text in settings.node_taint],
    )


def network_places(settings: Settings, layout: Layout) -> features.NetworkPlaces:
    place = layout.node(settings.node_name)
    return features.NetworkPlaces(
        place.root / "network", place.network_socket, place.network_config, layout.plugins
    )


def taint_of(text: str) -> Object:
    """The taint that KEY=VALUE:EFFECT (or KEY:EFFECT) says."""
    head, _, effect = text.rpartition(":")
    key, _, value = head.partition("=")
    return {"key": key, "effect": effect} | ({"value": value} if value else {})


if __name__ == "__main__":
    main(agent)
