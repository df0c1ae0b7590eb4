"""proa: a small Kubernetes cluster with the features that its operators miss first."""

__version__ = "0.1.0"
KUBERNETES_VERSION = "v1.37.2+proa"
