"""What one object uses, by the names that a quota can limit. Pure.

Source: kubernetes.io, resource quotas; kubernetes pkg/quota/v1/evaluator/core.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from proa.cluster.quota.amounts import ONE, Amount, amount
from proa.cluster.quota.pod_resources import pod_amounts
from proa.kube.meta import parse_time
from proa.kube.resources import Object, Resource

_CLASS = ".storageclass.storage.k8s.io/"
_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_POD_NAMES = frozenset({"pods", *_COMPUTE, *(f"{b}.{n}" for b in ("requests", "limits") for n in _COMPUTE)})
_CLAIM_NAMES = frozenset({"persistentvolumeclaims", "requests.storage"})
_SERVICE_NAMES = frozenset({"services", "services.nodeports", "services.loadbalancers"})
_COUNTED = frozenset({"configmaps", "secrets", "replicationcontrollers", "resourcequotas"})
"""Kinds whose plural alone limits their number."""


def count_name(resource: Resource) -> str:
    """The name that limits how many objects of a kind there are."""
    return f"count/{resource.plural}" + (f".{resource.group}" if resource.group else "")


def _pod_name(name: str) -> bool:
    rest = name.removeprefix("requests.")
    return (
        name in _POD_NAMES
        or rest.startswith("hugepages-")
        or (rest != name and "/" in rest and "storageclass.storage.k8s.io" not in rest)
    )


def _claim_name(name: str) -> bool:
    return name in _CLAIM_NAMES or any(name.endswith(_CLASS + each) for each in _CLAIM_NAMES)


_NAMES: dict[tuple[str, str], Callable[[str], bool]] = {
    ("", "pods"): _pod_name,
    ("", "persistentvolumeclaims"): _claim_name,
    ("", "services"): lambda name: name in _SERVICE_NAMES,
}


def limiting(resource: Resource, names: Iterable[str]) -> list[str]:
    """Which of a quota's names limit objects of the kind, sorted."""
    count, special = count_name(resource), _NAMES.get((resource.group, resource.plural))
    plain = resource.plural if not resource.group and resource.plural in _COUNTED else count
    return sorted(n for n in names if n in (count, plain) or (special is not None and special(n)))


def usage(resource: Resource, obj: Object, now: dt.datetime) -> dict[str, Amount]:
    """What the object uses at a time."""
    used = {count_name(resource): ONE}
    if resource.group:
        return used
    if resource.plural in _COUNTED:
        return used | {resource.plural: ONE}
    if resource.plural == "pods":
        return used | (_of_pod(obj["spec"]) if is_charged(obj, now) else {})
    if resource.plural == "persistentvolumeclaims":
        return used | _of_claim(obj)
    return used | (_of_service(obj["spec"]) if resource.plural == "services" else {})


def is_charged(pod: Object, now: dt.datetime) -> bool:
    """Whether a pod counts: it has not finished, and it is not long past the end of its grace."""
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return False
    fields = pod["metadata"]
    if "deletionTimestamp" not in fields or fields.get("deletionGracePeriodSeconds") is None:
        return True
    grace = dt.timedelta(seconds=fields["deletionGracePeriodSeconds"])
    return now <= parse_time(fields["deletionTimestamp"]) + grace


def _of_pod(spec: Object) -> dict[str, Amount]:
    used = {"pods": ONE}
    for name, each in pod_amounts(spec, "requests").items():
        if name in _COMPUTE or name.startswith("hugepages-"):
            used[name] = each
        used[f"requests.{name}"] = each
    for name, each in pod_amounts(spec, "limits").items():
        if name in _COMPUTE:
            used[f"limits.{name}"] = each
    return used


def container_names(container: Object) -> set[str]:
    """The names of compute resources that a container says something about."""
    resources = container.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    return {*requests, *(f"requests.{n}" for n in requests), *(f"limits.{n}" for n in limits)}


def _of_claim(claim: Object) -> dict[str, Amount]:
    annotations = claim["metadata"].get("annotations") or {}
    name = annotations.get(_BETA_CLASS) or claim["spec"].get("storageClassName")
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    allocated = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage")
    used = {"persistentvolumeclaims": ONE}
    if asked is not None:
        sizes = [_whole(amount(text)) for text in (asked, allocated) if text is not None]
        used["requests.storage"] = max(sizes, key=lambda size: size.milli)
    return used | ({f"{name}{_CLASS}{key}": each for key, each in used.items()} if name else {})


def _whole(size: Amount) -> Amount:
    return Amount(-(-size.milli // 1000) * 1000, size.binary)


def _of_service(spec: Object) -> dict[str, Amount]:
    ports = spec.get("ports") or ()
    used = {"services": ONE, "services.loadbalancers": Amount(0), "services.nodeports": Amount(0)}
    if spec.get("type") == "LoadBalancer":
        used["services.loadbalancers"] = ONE
        if spec.get("allocateLoadBalancerNodePorts") is False:
            ports = [port for port in ports if port.get("nodePort")]
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        used["services.nodeports"] = Amount(len(ports) * 1000)
    return used
