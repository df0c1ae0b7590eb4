"""What the controllers can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from proa.cluster.controllers.zone_disruption import EvictionRates
from proa.cluster.pki import Authority
from proa.errors import ServiceUnavailable
from proa.kube import Object


async def no_metrics(path: str, query: Mapping[str, str]) -> Object:  # noqa: ARG001 - the form of all
    """Where nothing serves metrics. Raises ServiceUnavailable."""
    raise ServiceUnavailable("the server is currently unable to handle the request")


async def nothing_aggregated(namespace: str) -> tuple[Counter[str], Sequence[str]]:  # noqa: ARG001 - as above
    """Where no other server stands behind the API server."""
    return Counter(), []


@dataclass(frozen=True)
class ControllersConfig:
    """Settings of all controllers; periods are in seconds."""

    cluster_cidrs: tuple[str, ...] = ("10.42.0.0/16",)
    """The ranges that nodes' pod ranges are cut from, one a family, the primary first."""
    node_cidr_mask_sizes: Mapping[int, int] = field(default_factory=lambda: {4: 24, 6: 64})
    """Prefix lengths of nodes' pod ranges, by version of IP."""
    authority: Authority | None = None
    """Signs the certificates that are asked for; without it nothing is signed."""
    lasting_token: Callable[[str, tuple[str, str], tuple[str, str]], str] | None = None
    """Signs a token without an end for (namespace, account, secret), (name, uid) each."""
    root_ca: str = ""
    """PEM of the cluster's CA, published in every namespace; empty publishes nothing."""
    node_monitor_grace_period: float = 40.0
    """How long a node may be silent before it counts as unreachable."""
    eviction_rates: EvictionRates = field(default_factory=EvictionRates)
    """How fast pods leave nodes that are lost."""
    terminated_pod_gc_threshold: int = 12500
    """How many finished pods are kept."""
    orphaned_pod_quarantine: float = 40.0
    """How long pods of a node that does not exist are left alone."""
    advertise_address: str = ""
    """Where the server is reached: the node that has this address is the control plane."""
    read_metrics: Callable[[str, Mapping[str, str]], Awaitable[Object]] = no_metrics
    """The object at a path, with a query, of an API that is served behind the API server."""
    delete_aggregated: Callable[[str], Awaitable[tuple[Counter[str], Sequence[str]]]] = nothing_aggregated
    """Deletes what lies in a namespace behind the API server: what is left by `plural.group`, and faults."""
    horizontal_pod_autoscaler_tolerance: float = 0.1
    """How far a metric may be from its target without a change of replicas."""
    horizontal_pod_autoscaler_sync_period: float = 15.0
    """How often metrics are looked at."""
    horizontal_pod_autoscaler_downscale_stabilization: float = 300.0
    """For how long the highest recommendation holds, where an autoscaler does not say."""
