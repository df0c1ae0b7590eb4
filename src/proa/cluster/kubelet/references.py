"""Which ConfigMaps and Secrets a pod's containers and volumes name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proa.cluster.kubelet.objects import Reference
from proa.cluster.kubelet.pods import all_containers
from proa.kube import CONFIG_MAPS, SECRETS, Object, Resource

_ENVIRONMENT: dict[str, Resource] = {
    "configMapKeyRef": CONFIG_MAPS,
    "secretKeyRef": SECRETS,
    "configMapRef": CONFIG_MAPS,
    "secretRef": SECRETS,
}


def environment_references(pod: Object, container: Object) -> Iterator[Reference]:
    """Objects from which a container's environment is made."""
    sources: list[Any] = [entry.get("valueFrom") or {} for entry in container.get("env") or ()]
    sources += container.get("envFrom") or ()
    for source in sources:
        for kind, resource in _ENVIRONMENT.items():
            if kind in source:
                yield Reference(resource, pod["metadata"]["namespace"], source[kind]["name"])


def volume_references(pod: Object, volume: Object) -> Iterator[Reference]:
    """Objects whose data a volume shows."""
    namespace = pod["metadata"]["namespace"]
    if "configMap" in volume:
        yield Reference(CONFIG_MAPS, namespace, volume["configMap"]["name"])
    if "secret" in volume:
        yield Reference(SECRETS, namespace, volume["secret"]["secretName"])
    for source in (volume.get("projected") or {}).get("sources") or ():
        if "configMap" in source:
            yield Reference(CONFIG_MAPS, namespace, source["configMap"]["name"])
        if "secret" in source:
            yield Reference(SECRETS, namespace, source["secret"]["name"])


def pull_secret_references(pod: Object) -> list[Reference]:
    """Secrets with registry credentials."""
    namespace = pod["metadata"]["namespace"]
    return [Reference(SECRETS, namespace, s["name"]) for s in pod["spec"].get("imagePullSecrets") or ()]


def pod_references(pod: Object) -> set[Reference]:
    """Every ConfigMap and Secret that the pod needs on this node."""
    found = set(pull_secret_references(pod))
    for container in all_containers(pod):
        found.update(environment_references(pod, container))
    for volume in pod["spec"].get("volumes") or ():
        found.update(volume_references(pod, volume))
    return found
