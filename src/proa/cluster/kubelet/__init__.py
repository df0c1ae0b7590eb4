"""The node's part of the embedded cluster: pods through containerd's CRI."""

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.kubelet import Kubelet

__all__ = ["Kubelet", "KubeletConfig"]
