"""Settings of the API server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from proa.cluster.apiserver.audit.log import LogLimits
from proa.cluster.apiserver.overload.inflight import Limits


@dataclass(frozen=True, kw_only=True)
class FrontProxyConfig:
    """How this server names its users to aggregated API servers. Files are PEM."""

    authority: Path
    """Whose certificates may name users by request headers, to us as to them."""
    certificate: Path
    key: Path


@dataclass(frozen=True, kw_only=True)
class AuditConfig:
    """Where what of requests is logged."""

    policy: Path
    """An audit.k8s.io/v1 Policy."""
    log: Path
    """The file of events, a line each; `-` is the standard output."""
    limits: LogLimits = field(default_factory=LogLimits)


@dataclass(frozen=True, kw_only=True)
class ApiServerConfig:
    """Files are PEM. Times are seconds."""

    database: Path
    """The SQLite file; made when it is missing."""
    bind_address: str = "0.0.0.0"
    port: int = 6443
    """0 takes any free port; see `ApiServer.port`."""
    advertise_address: str = "127.0.0.1"
    """Where nodes and pods reach this server; it becomes the endpoint of the `kubernetes` Service."""
    certificate: Path
    key: Path
    client_authority: Path
    """Whose client certificates are trusted."""
    kubelet_authority: Path
    """Whose certificates the kubelets serve with."""
    kubelet_certificate: Path
    kubelet_key: Path
    """By these the server is known to the kubelets."""
    front_proxy: FrontProxyConfig
    service_account_key: Path
    """Signs service-account tokens; EC P-256."""
    service_cidr: tuple[str, ...] = ("10.43.0.0/16",)
    """The networks of Services, one or two, of a family each; the first is of the primary family."""
    node_port_range: tuple[int, int] = (30000, 32767)
    cluster_domain: str = "cluster.local"
    encryption: Path | None = None
    """An EncryptionConfiguration by which values are encrypted in the database."""
    anonymous: bool = True
    """Whether requests without a credential are those of system:anonymous; else they are refused."""
    limits: Limits = field(default_factory=Limits)
    """How many requests may be under way."""
    audit: AuditConfig | None = None

    @property
    def issuer(self) -> str:
        """Issuer and audience of service-account tokens."""
        return service_account_issuer(self.cluster_domain)


def service_account_issuer(domain: str) -> str:
    """Who issues service-account tokens in a cluster of that domain."""
    return f"https://kubernetes.default.svc.{domain}"
