"""In-place resize: a running pod gets other resources (source: KEP-1287; pkg/kubelet/allocation).

What a pod has been *given* may lag behind what it asks for: a resize is given when the node has room for it,
then *applied* to the running containers. All that the kubelet does for a pod goes by what it was given.
"""

from proa.cluster.kubelet.resize.given import resources_of, with_resources
from proa.cluster.kubelet.resize.resizer import Resizer
from proa.cluster.kubelet.resize.store import AllocationStore

__all__ = ["AllocationStore", "Resizer", "resources_of", "with_resources"]
