"""Addresses as the API's objects hold them, as programs are reached there."""

from __future__ import annotations

from proa.kube.resources import Object

_KUBELET_PORT = 10250


def join_host_port(host: str, port: int | str) -> str:
    """`host:port` as URLs and messages have it: an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def kubelet_address(node: Object) -> tuple[str, int] | None:
    """Where a node's kubelet listens: its first InternalIP, else its name; None as long as it has neither."""
    status = node.get("status") or {}
    found: dict[str, str] = {}
    for entry in status.get("addresses") or ():
        found.setdefault(entry["type"], entry["address"])
    host = found.get("InternalIP") or found.get("Hostname")
    endpoint = (status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
    return (host, int(endpoint.get("Port") or _KUBELET_PORT)) if host else None
