"""Which zone each endpoint is meant for: by a Service's traffic distribution, or by the zones' CPUs. Pure.

`Auto` gives each zone as many endpoints as its share of the nodes' CPUs, and gives no hints where that
would put more than a fifth too much on any endpoint.
Source: KEP-2433 (topology-aware routing), KEP-4444 (traffic distribution).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from proa.cluster.controllers.service_pods import ZONE, Backend
from proa.kube import Object, annotations_of, condition_is_true, labels_of
from proa.kube.quantities import parse_quantity

_MODES = ("service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints")
_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_OVERLOAD = 0.20
_LEAST_PER_ZONE = 3
"""Fewer would make one zone's load depend on single endpoints."""

Hints = dict[str, Object]
"""`hints` by endpoint address."""


def hints(service: Object, found: Sequence[Backend], nodes: Mapping[str, Object]) -> Hints:
    """The hints of the ready endpoints; none where the Service wants none, or a place is not known."""
    ready = [backend for backend in found if backend.ready]
    if _is_auto(service):
        return _by_cpu(ready, zone_shares(nodes.values()))
    wanted: str = service["spec"].get("trafficDistribution") or ""
    if wanted in ("PreferClose", "PreferSameZone") and all(backend.zone for backend in ready):
        return {backend.address: _zone(backend.zone) for backend in ready}
    if wanted == "PreferSameNode" and all(backend.node for backend in ready):
        return {b.address: _zone(b.zone) | {"forNodes": [{"name": b.node}]} for b in ready}
    return {}


def zone_shares(nodes: Iterable[Object]) -> dict[str, float]:
    """Each zone's share of the CPUs of ready worker nodes; empty when one's zone is not known."""
    cpus: dict[str, float] = {}
    for node in nodes:
        labels = labels_of(node)
        if any(role in labels for role in _CONTROL_PLANE) or not condition_is_true(node, "Ready"):
            continue
        cpu = parse_quantity(((node.get("status") or {}).get("allocatable") or {}).get("cpu", "0"))
        if not cpu or not labels.get(ZONE):
            return {}
        cpus[labels[ZONE]] = cpus.get(labels[ZONE], 0.0) + float(cpu)
    total = sum(cpus.values())
    return {zone: cpu / total for zone, cpu in cpus.items()}


def _is_auto(service: Object) -> bool:
    mode = next((m for name in _MODES if (m := annotations_of(service).get(name))), "")
    return mode in ("Auto", "auto")


def _by_cpu(ready: Sequence[Backend], shares: Mapping[str, float]) -> Hints:
    if len(shares) < 2 or len(ready) < _LEAST_PER_ZONE * len(shares):
        return {}
    if any(backend.zone not in shares for backend in ready):
        return {}
    wanted = _counts(len(ready), shares)
    if wanted is None:
        return {}
    result, spare = {}, []
    left = Counter(wanted)
    for backend in sorted(ready, key=lambda backend: backend.address):
        if left[backend.zone] > 0:
            left[backend.zone] -= 1
            result[backend.address] = _zone(backend.zone)
        else:
            spare.append(backend)
    for backend, zone in zip(spare, sorted((+left).elements()), strict=True):
        result[backend.address] = _zone(zone)
    return result


def _counts(endpoints: int, shares: Mapping[str, float]) -> dict[str, int] | None:
    """How many endpoints each zone gets; None when one would be loaded too much."""
    ideal = {zone: endpoints * share for zone, share in shares.items()}
    # As few as bear the zone's load, then the rest where most is wanted.
    counts = {zone: max(1, math.ceil(number / (1 + _OVERLOAD))) for zone, number in ideal.items()}
    if sum(counts.values()) > endpoints:
        return None
    while sum(counts.values()) < endpoints:
        counts[max(ideal, key=lambda zone: (ideal[zone] / counts[zone], zone))] += 1
    return counts


def _zone(name: str) -> Object:
    return {"forZones": [{"name": name}]} if name else {}
