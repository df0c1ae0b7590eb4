"""NodeMetrics and PodMetrics of metrics.k8s.io/v1beta1, their lists and tables. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from proa.cluster.metrics.history import Usage
from proa.kube import Object
from proa.kube.quantities import format_bytes, parse_quantity

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
API_VERSION = f"{GROUP}/{VERSION}"
_VERBS = ["get", "list"]

RESOURCES: Object = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": API_VERSION,
    "resources": [
        {"name": "nodes", "singularName": "", "namespaced": False, "kind": "NodeMetrics", "verbs": _VERBS},
        {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": _VERBS},
    ],
}
_VERSION_ENTRY = {"groupVersion": API_VERSION, "version": VERSION}
API_GROUP: Object = {"name": GROUP, "versions": [_VERSION_ENTRY], "preferredVersion": _VERSION_ENTRY}


def format_cores(cores: float) -> str:
    """Cores as a quantity in billionths, with the largest suffix that is exact: 156340n, 2m."""
    amount = round(cores * 1_000_000_000)
    for suffix in ("n", "u", "m"):
        if not amount or amount % 1000:
            return f"{amount}{suffix}" if amount else "0"
        amount //= 1000
    return str(amount)


def format_time(at: float) -> str:
    """Seconds since the epoch as the API writes them."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node_metrics(node: Object, used: Usage, now: str) -> Object:
    """The NodeMetrics of a node."""
    return _head("NodeMetrics", node, used, now) | {"usage": _usage(used)}


def pod_metrics(pod: Object, used: Mapping[str, Usage], now: str) -> Object:
    """The PodMetrics of a pod; time and window are those of its earliest reading."""
    earliest = min(used.values(), key=lambda usage: usage.at)
    containers = [{"name": name, "usage": _usage(usage)} for name, usage in used.items()]
    return _head("PodMetrics", pod, earliest, now) | {"containers": containers}


def listed(kind: str, items: Sequence[Object]) -> Object:
    """A list, as upstream without kinds inside."""
    bare = [
        {key: value for key, value in item.items() if key not in ("kind", "apiVersion")} for item in items
    ]
    return {"kind": f"{kind}List", "apiVersion": API_VERSION, "metadata": {}, "items": bare}


def table(items: Sequence[Object]) -> Object:
    """What `kubectl get` prints of them."""
    columns = [("Name", "name"), ("cpu", ""), ("memory", ""), ("Window", "")]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {},
        "columnDefinitions": [
            {"name": name, "type": "string", "format": form, "description": "", "priority": 0}
            for name, form in columns
        ],
        "rows": [{"cells": _cells(item), "object": _partial(item)} for item in items],
    }


def _head(kind: str, of: Object, used: Usage, now: str) -> Object:
    metadata = of["metadata"]
    kept = {name: metadata[name] for name in ("name", "namespace", "labels") if metadata.get(name)}
    return {
        "kind": kind,
        "apiVersion": API_VERSION,
        "metadata": {**kept, "creationTimestamp": now},
        "timestamp": format_time(used.at),
        "window": f"{round(used.window, 3):g}s",
    }


def _usage(used: Usage) -> dict[str, str]:
    return {"cpu": format_cores(used.cores), "memory": format_bytes(used.memory)}


def _cells(item: Object) -> list[str]:
    if "usage" in item:
        return [item["metadata"]["name"], item["usage"]["cpu"], item["usage"]["memory"], item["window"]]
    usages = [container["usage"] for container in item["containers"]]
    return [item["metadata"]["name"], *_totals(usages), item["window"]]


def _totals(usages: Sequence[Mapping[str, str]]) -> list[str]:
    cpu = sum(float(parse_quantity(usage["cpu"])) for usage in usages)
    memory = sum(int(parse_quantity(usage["memory"])) for usage in usages)
    return [format_cores(cpu), format_bytes(memory)]


def _partial(item: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}
