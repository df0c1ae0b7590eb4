"""Where a pod is reached, the node's primary family first (source: pkg/kubelet/kubelet_pods.go)."""

from __future__ import annotations

from collections.abc import Sequence

from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.pods import is_host_network
from proa.kube import Object


def pod_addresses(pod: Object, seen: PodObservation, node_ips: Sequence[str]) -> tuple[str, ...]:
    """Those that the runtime gave it, or the node's; none before the runtime has given it any."""
    return tuple(node_ips) if is_host_network(pod) else primary_first(seen.ips, node_ips)


def primary_first(ips: Sequence[str], node_ips: Sequence[str]) -> tuple[str, ...]:
    """The addresses, those of the same family as the node's first one in front."""
    primary = any(":" in ip for ip in node_ips[:1])
    return tuple(sorted(ips, key=lambda ip: (":" in ip) != primary))
