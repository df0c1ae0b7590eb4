"""EndpointSlice of discovery.k8s.io/v1beta1: node and zone stand in a topology. Pure.

Source: kubernetes pkg/apis/discovery/v1beta1/conversion.go.
"""

from __future__ import annotations

from proa.cluster.apiserver.versions.conversion import PureConversion
from proa.kube.resources import Object

_OLD, _TODAY = "discovery.k8s.io/v1beta1", "discovery.k8s.io/v1"
_NODE, _ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


def store(obj: Object) -> Object:
    """Today's slice."""
    return {**obj, "apiVersion": _TODAY, "endpoints": [_stored(one) for one in obj.get("endpoints") or ()]}


def show(obj: Object) -> Object:
    """The old slice."""
    return {**obj, "apiVersion": _OLD, "endpoints": [_shown(one) for one in obj.get("endpoints") or ()]}


def _stored(endpoint: Object) -> Object:
    topology = dict(endpoint.get("topology") or {})
    new = {name: value for name, value in endpoint.items() if name != "topology"}
    node, zone = topology.pop(_NODE, None), topology.pop(_ZONE, None)
    if node and not new.get("nodeName"):
        new["nodeName"] = node
    if zone:
        new["zone"] = zone
    return new | ({"deprecatedTopology": topology} if topology else {})


def _shown(endpoint: Object) -> Object:
    topology = dict(endpoint.get("deprecatedTopology") or {})
    new = {name: value for name, value in endpoint.items() if name not in ("deprecatedTopology", "zone")}
    if endpoint.get("zone"):
        topology[_ZONE] = endpoint["zone"]
    if endpoint.get("nodeName"):
        topology[_NODE] = endpoint["nodeName"]
    return new | ({"topology": topology} if topology else {})


CONVERSION = PureConversion(show, store)
