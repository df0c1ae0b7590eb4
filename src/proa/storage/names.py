"""Names that are a contract with Kubernetes and with upstream's local-path-provisioner."""

PROVISIONER = "rancher.io/local-path"
STORAGE_CLASS = "local-path"
CONFIG_MAP = "local-path-config"
NAMESPACE = "kube-system"

HOST_NAME = "kubernetes.io/hostname"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
SELECTED_NODE_OF_VOLUME = "local.path.provisioner/selected-node"
STORAGE_PROVISIONER = (
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
)
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
