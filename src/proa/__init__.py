"""proa: a small Kubernetes cluster with storage, load balancing, tunnels, networking and high availability."""

__version__ = "0.1.0"
KUBERNETES_VERSION = "v1.37.2+proa"
