"""Settings of the metrics API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

RESOLUTION = 15.0
"""Seconds between two looks at a kubelet, as metrics-server's --metric-resolution on k3s."""


@dataclass(frozen=True, kw_only=True)
class MetricsConfig:
    """Files are PEM."""

    address: str
    """Where it listens, and where the cluster finds it: the address of the API server."""
    port: int = 0
    """0 takes any free port: the cluster finds it by the Service's endpoint."""
    certificate: Path
    key: Path
    """It serves as metrics-server.kube-system.svc with these."""
    authority: Path
    """Who signed that certificate, and those that kubelets serve with."""
    front_proxy_authority: Path
    """Whose certificates may ask: the API server has authorised what comes with one."""
    kubelet_certificate: Path
    kubelet_key: Path
    """By these the kubelets know who scrapes them."""
    resolution: float = RESOLUTION
