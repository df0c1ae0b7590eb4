"""What an update of a Service means where it leaves things open, and what a type no longer needs. Pure.

Source: kubernetes pkg/registry/core/service, patchAllocatedValues, normalizeClusterIPs and
dropTypeDependentFields.
"""

from __future__ import annotations

from collections.abc import Callable

from proa.kube.resources import Object

_WITH_NODE_PORTS = ("NodePort", "LoadBalancer")


def keep_what_was_given(spec: Object, old: Object) -> None:
    """An update that leaves addresses or ports open keeps, in place, those that the Service has."""
    if _has_address(spec) and _has_address(old):
        for name in ("clusterIP", "clusterIPs"):
            if not spec.get(name) and old.get(name):
                spec[name] = old[name]
    if _has_node_ports(spec) and _has_node_ports(old):
        _keep_node_ports(spec, old)
    if _is_checked(spec) and _is_checked(old) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = old.get("healthCheckNodePort")


def _keep_node_ports(spec: Object, old: Object) -> None:
    """Ports are known by their names; no number is given to two of them."""
    used = _node_ports(spec) & _node_ports(old)
    known = {port.get("name", ""): port.get("nodePort") for port in old.get("ports") or ()}
    for port in spec.get("ports") or ():
        number = known.get(port.get("name", ""))
        if number and not port.get("nodePort") and number not in used:
            port["nodePort"] = number


def align_addresses(spec: Object, old: Object) -> None:
    """Bring `clusterIP` and `clusterIPs` in step, in place, for clients that know only the first."""
    one, many = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    had_one, had_many = old.get("clusterIP") or "", old.get("clusterIPs") or []
    if not old:
        many = many or ([one] if one else [])
    elif one == had_one:
        many = many or had_many
    elif many == had_many:
        many = [one] if one else []
    spec["clusterIPs"] = many
    if not many:
        del spec["clusterIPs"]


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
