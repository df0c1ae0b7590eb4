"""The status that a new object starts with, whatever its maker sent."""

from __future__ import annotations

from proa.cluster.apiserver.defaults.fill import fill
from proa.cluster.apiserver.defaults.qos import qos_class
from proa.kube.resources import Object


def empty(obj: Object) -> None:
    """Nothing is known yet."""
    obj["status"] = {}


def begun_with_object(obj: Object) -> None:
    """A phase or condition of a new object began when the object was made."""
    made = obj["metadata"]["creationTimestamp"]
    if obj["kind"] == "PersistentVolume":
        obj["status"]["lastPhaseTransitionTime"] = made
    for condition in obj["status"].get("conditions") or ():
        condition["lastTransitionTime"] = condition.get("lastTransitionTime") or made


def pending(obj: Object) -> None:
    """Volumes and claims."""
    obj["status"] = {"phase": "Pending"}


def active(obj: Object) -> None:
    """Namespaces."""
    obj["status"] = {"phase": "Active"}


def pod(obj: Object) -> None:
    """Pods; scheduling gates show as a condition at once."""
    obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj)}
    if obj.get("spec", {}).get("schedulingGates"):
        obj["status"]["conditions"] = [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
            }
        ]


def load_balancer(obj: Object) -> None:
    """Services and ingresses."""
    obj["status"] = {"loadBalancer": {}}


def replicas(obj: Object) -> None:
    """What counts pods."""
    obj["status"] = {"replicas": 0}


def stateful_set(obj: Object) -> None:
    """StatefulSets."""
    obj["status"] = {"replicas": 0, "availableReplicas": 0}


def unattached(obj: Object) -> None:
    """VolumeAttachments."""
    obj["status"] = {"attached": False}


def daemon_set(obj: Object) -> None:
    """DaemonSets."""
    names = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
    obj["status"] = dict.fromkeys(names, 0)


def disruption_budget(obj: Object) -> None:
    """PodDisruptionBudgets."""
    names = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    obj["status"] = dict.fromkeys(names, 0)


def autoscaler(obj: Object) -> None:
    """HorizontalPodAutoscalers."""
    obj["status"] = {"currentMetrics": None, "desiredReplicas": 0}


def autoscaler_v1(obj: Object) -> None:
    """HorizontalPodAutoscalers of v1."""
    obj["status"] = {"currentReplicas": 0, "desiredReplicas": 0}


def as_sent(obj: Object) -> None:
    """Nodes: a kubelet registers with its status."""
    fill(obj, status={})
