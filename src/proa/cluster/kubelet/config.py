"""What one kubelet is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proa.cluster.kubelet.arguments import KubeletArguments
from proa.kube import Object

EVERYWHERE = "0.0.0.0"


@dataclass(frozen=True, kw_only=True)
class KubeletConfig:
    """Settings of one node's kubelet; several may run on one machine under different names."""

    node_name: str
    node_ips: Sequence[str]
    """The node's addresses, one of a family; the first is of its primary one."""
    data_dir: Path
    """Root of proa's state; this node's part is `agent/<node>/kubelet` below it."""
    containerd_socket: Path
    tls_cert: Path
    """Serving certificate of the HTTPS port, PEM."""
    tls_key: Path
    client_ca: Path
    """CA that signed the certificates of those who may call the HTTPS port, PEM."""
    address: str = EVERYWHERE
    port: int = 10250
    cluster_dns: tuple[str, ...] = ("10.43.0.10",)
    cluster_domain: str = "cluster.local"
    max_pods: int = 110
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that the node has besides the well-known ones."""
    taints: Sequence[Object] = ()
    """Taints with which the node is registered; later ones are the API's business."""
    arguments: KubeletArguments = field(default_factory=KubeletArguments)
    cgroup_mount: Path = Path("/sys/fs/cgroup")

    @property
    def root_dir(self) -> Path:
        """State of this kubelet."""
        return self.data_dir / "agent" / self.node_name / "kubelet"

    @property
    def pods_dir(self) -> Path:
        """One directory per pod uid: volumes, hosts file, termination messages."""
        return self.root_dir / "pods"

    @property
    def manifests_dir(self) -> Path:
        """Files of static pods, of every node of this machine."""
        return self.data_dir / "agent" / "pod-manifests"

    @property
    def logs_dir(self) -> Path:
        """One directory per pod: `<namespace>_<name>_<uid>/<container>/<attempt>.log`."""
        return self.root_dir / "logs"

    @property
    def streams_dir(self) -> Path:
        """Named pipes of processes that exec started, as long as they run and this kubelet does."""
        return self.root_dir / "streams"

    @property
    def pull_records_dir(self) -> Path:
        """Who may use the images that were pulled."""
        return self.root_dir / "image_manager"

    @property
    def allocations_file(self) -> Path:
        """What resized pods have been given."""
        return self.root_dir / "allocated_pods_state"

    @property
    def cgroup_root(self) -> str:
        """Cgroup under which all pods of this node live."""
        return f"/proa/{self.node_name}"


def configuration(config: KubeletConfig) -> Object:
    """The settings as upstream's KubeletConfiguration names them (kubelet.config.k8s.io/v1beta1)."""
    arguments = config.arguments
    return {
        "kind": "KubeletConfiguration",
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "address": config.address,
        "port": config.port,
        "clusterDNS": list(config.cluster_dns),
        "clusterDomain": config.cluster_domain,
        "containerRuntimeEndpoint": f"unix://{config.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": config.cgroup_root,
        "maxPods": config.max_pods,
        "staticPodPath": str(config.manifests_dir),
        "podPidsLimit": arguments.pod_max_pids,
        "containerLogMaxSize": str(arguments.logs.size),
        "containerLogMaxFiles": arguments.logs.files,
        "allowedUnsafeSysctls": list(arguments.allowed_unsafe_sysctls),
        "imageGCHighThresholdPercent": arguments.image_gc_high_threshold,
        "imageGCLowThresholdPercent": arguments.image_gc_low_threshold,
        "imageMinimumGCAge": f"{arguments.minimum_image_ttl_duration:g}s",
        "imagePullCredentialsVerificationPolicy": "NeverVerifyPreloadedImages",
        "registerWithTaints": list(config.taints),
    }
