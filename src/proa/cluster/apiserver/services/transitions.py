"""What a Service no longer needs when its type changes. Pure.

Source: kubernetes pkg/registry/core/service, dropTypeDependentFields and normalizeClusterIPs.
"""

from __future__ import annotations

from collections.abc import Callable

from proa.kube.resources import Object

_WITH_NODE_PORTS = ("NodePort", "LoadBalancer")


def drop_what_type_lacks(service: Object, old: Object) -> None:
    """Take away, in place, what the stored Service had for a type that the new one has not.

    Only what the client left as it was goes; what it set itself is for validation to refuse.
    """
    new, before = service["spec"], old["spec"]
    for needs, fields in _FIELDS:
        if needs(before) and not needs(new) and all(new.get(name) == before.get(name) for name in fields):
            for name in fields:
                new.pop(name, None)
    if _has_node_ports(before) and not _has_node_ports(new) and _node_ports(new) == _node_ports(before):
        for port in new.get("ports") or ():
            port.pop("nodePort", None)
    if new["type"] != "LoadBalancer" and service.get("status"):
        service["status"]["loadBalancer"] = {}
    if not new.get("clusterIP") and before.get("clusterIP"):
        _forget_addresses(new, before)


def _forget_addresses(new: Object, before: Object) -> None:
    """Who takes away the one address means the list too."""
    if new.get("clusterIPs") == before.get("clusterIPs"):
        new.pop("clusterIPs", None)


def _has_address(spec: Object) -> bool:
    return bool(spec["type"] != "ExternalName")


def _has_node_ports(spec: Object) -> bool:
    chosen = spec.get("allocateLoadBalancerNodePorts")
    return spec["type"] == "NodePort" or (spec["type"] == "LoadBalancer" and chosen is not False)


def _has_load_balancer(spec: Object) -> bool:
    return bool(spec["type"] == "LoadBalancer")


def _is_checked(spec: Object) -> bool:
    return _has_load_balancer(spec) and spec.get("externalTrafficPolicy") == "Local"


def _is_reached_from_outside(spec: Object) -> bool:
    return spec["type"] in _WITH_NODE_PORTS or (spec["type"] == "ClusterIP" and bool(spec.get("externalIPs")))


_FIELDS: tuple[tuple[Callable[[Object], bool], tuple[str, ...]], ...] = (
    (_has_address, ("clusterIP", "clusterIPs")),
    (_has_address, ("ipFamilies",)),
    (_has_address, ("ipFamilyPolicy",)),
    (_is_checked, ("healthCheckNodePort",)),
    (_has_load_balancer, ("allocateLoadBalancerNodePorts",)),
    (_has_load_balancer, ("loadBalancerClass",)),
    (_is_reached_from_outside, ("externalTrafficPolicy",)),
)
"""Who needs them -> fields that go together."""


def _node_ports(spec: Object) -> set[int]:
    return {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}
