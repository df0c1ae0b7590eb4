"""What the scheduler reads of a pod, extracted once when the pod is first seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from proa.cluster.scheduler.affinity import PodTerm, WeightedPodTerm, pod_terms, weighted_pod_terms
from proa.cluster.scheduler.resources import Amounts, pod_requests
from proa.kube import Object, controller_of, is_deleting, key_of, labels_of

SCHEDULER_NAME = "default-scheduler"


class HostPort(NamedTuple):
    """A port that a container wants on the node's own address; no address means all."""

    address: str
    protocol: str
    port: int

    def clashes(self, other: HostPort) -> bool:
        """Whether both cannot be bound on one node."""
        if self[1:] != other[1:]:
            return False
        return self.address == other.address or "0.0.0.0" in (self.address, other.address)


@dataclass(frozen=True, slots=True, eq=False)
class PodInfo:
    """A pod in the scheduler's terms; amounts are milli for cpu, whole units for all else."""

    object: Object
    key: str
    uid: str
    namespace: str
    labels: Mapping[str, str]
    priority: int
    requests: Amounts
    host_ports: tuple[HostPort, ...]
    claims: tuple[str, ...]
    affinity: tuple[PodTerm, ...]
    anti_affinity: tuple[PodTerm, ...]
    preferred: tuple[WeightedPodTerm, ...]
    owner_uid: str

    @property
    def spec(self) -> Object:
        """The pod's spec; shared, read only."""
        return self.object["spec"]  # type: ignore[no-any-return]

    @property
    def is_ending(self) -> bool:
        """Whether the pod is being deleted."""
        return is_deleting(self.object)

    @property
    def node_name(self) -> str:
        """The node that the pod is bound to; empty while it has none."""
        return str(self.object["spec"].get("nodeName") or "")


def pod_info(pod: Object) -> PodInfo:
    """Extract what filters and scores need. Raises ValueError for a malformed quantity or selector."""
    metadata, spec = pod["metadata"], pod["spec"]
    affinity = spec.get("affinity") or {}
    together, apart = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    namespace = metadata["namespace"]
    return PodInfo(
        object=pod,
        key=key_of(pod),
        uid=metadata["uid"],
        namespace=namespace,
        labels=labels_of(pod),
        priority=int(spec.get("priority") or 0),
        requests=pod_requests(pod),
        host_ports=tuple(_host_ports(spec)),
        claims=tuple(claim_names(pod)),
        affinity=pod_terms(together, namespace),
        anti_affinity=pod_terms(apart, namespace),
        preferred=(*weighted_pod_terms(together, namespace, 1), *weighted_pod_terms(apart, namespace, -1)),
        owner_uid=str((controller_of(pod) or {}).get("uid") or ""),
    )


def claim_names(pod: Object) -> Iterable[str]:
    """Names of the claims that the pod mounts; a generic ephemeral volume's claim is `<pod>-<volume>`."""
    for volume in pod["spec"].get("volumes") or ():
        if claim := volume.get("persistentVolumeClaim"):
            yield claim["claimName"]
        elif volume.get("ephemeral"):
            yield f"{pod['metadata']['name']}-{volume['name']}"


def is_finished(pod: Object) -> bool:
    """Whether the pod will never run again, so that it holds no resources."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def wants_scheduling(pod: Object) -> bool:
    """Whether the pod is ours to place: no node yet, alive, ungated, and named after this scheduler."""
    spec = pod["spec"]
    return (
        not spec.get("nodeName")
        and "deletionTimestamp" not in pod["metadata"]
        and not is_finished(pod)
        and not spec.get("schedulingGates")
        and (spec.get("schedulerName") or SCHEDULER_NAME) == SCHEDULER_NAME
    )


def _host_ports(spec: Object) -> Iterable[HostPort]:
    host_network = bool(spec.get("hostNetwork"))
    sidecars = (c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always")
    for container in (*spec["containers"], *sidecars):
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (port["containerPort"] if host_network else 0)
            if number:
                yield HostPort(port.get("hostIP") or "0.0.0.0", port.get("protocol") or "TCP", number)
