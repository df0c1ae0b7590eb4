"""Filters: which nodes can take a pod. The table below is their order; the first refusal counts.

To add one, write a file with a `prepare` function and put a line here.
"""

from __future__ import annotations

from proa.cluster.scheduler.filters import (
    node_affinity,
    node_name,
    node_ports,
    node_resources,
    node_unschedulable,
    pod_affinity,
    resource_claims,
    taints,
    topology_spread,
    volume_restrictions,
    volume_topology,
    volume_zone,
)
from proa.cluster.scheduler.filters.base import Change, Filter, NodeCheck, Refusal

_NODE = frozenset({Change.NODE})
_ROOM = frozenset({Change.NODE, Change.POD_GONE})
_PODS = frozenset({Change.NODE, Change.POD_GONE, Change.POD_PLACED, Change.NAMESPACE})
_STORAGE = frozenset({Change.NODE, Change.STORAGE})

FILTERS: tuple[Filter, ...] = (
    Filter("NodeUnschedulable", node_unschedulable.prepare, _NODE),
    Filter("NodeName", node_name.prepare, _NODE),
    Filter("TaintToleration", taints.prepare, _NODE),
    Filter("NodeAffinity", node_affinity.prepare, _NODE),
    Filter("NodePorts", node_ports.prepare, _ROOM),
    Filter("NodeResourcesFit", node_resources.prepare, _ROOM),
    Filter("DynamicResources", resource_claims.prepare, frozenset()),
    Filter("VolumeRestrictions", volume_restrictions.prepare, _ROOM | _STORAGE),
    Filter("VolumeBinding", volume_topology.prepare, _STORAGE),
    Filter("VolumeZone", volume_zone.prepare, _STORAGE),
    Filter("PodTopologySpread", topology_spread.prepare, _PODS),
    Filter("InterPodAffinity", pod_affinity.prepare, _PODS),
)

__all__ = ["FILTERS", "Change", "Filter", "NodeCheck", "Refusal"]
