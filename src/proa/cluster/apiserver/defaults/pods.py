"""Pods, and the pod templates in other kinds (source: API reference of PodSpec, Container, Volume, Probe)."""

from __future__ import annotations

from proa.cluster.apiserver.defaults.fill import each, fill, fill_empty, part
from proa.cluster.apiserver.defaults.qos import qos_class
from proa.kube.resources import Object

_MODE_0644 = 0o644
_VOLUME_DEFAULTS: dict[str, Object] = {
    "secret": {"defaultMode": _MODE_0644},
    "configMap": {"defaultMode": _MODE_0644},
    "downwardAPI": {"defaultMode": _MODE_0644},
    "projected": {"defaultMode": _MODE_0644},
    "hostPath": {"type": ""},
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "azureDisk": {"cachingMode": "ReadWrite", "fsType": "ext4", "kind": "Shared", "readOnly": False},
    "scaleIO": {"fsType": "xfs", "storageMode": "ThinProvisioned"},
}
_CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def pod(obj: Object) -> None:
    """A pod; more than its spec as a template has, since only here the limits become requests."""
    spec = part(obj, "spec")
    pod_spec(spec)
    fill(spec, enableServiceLinks=True)
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    status = obj.get("status")
    if status is not None and status.get("qosClass") is None:
        status["qosClass"] = qos_class(obj)
    for name in ("initContainers", "containers"):
        for container in each(spec, name):
            _request_what_is_limited(container)
            if spec.get("hostNetwork"):
                _expose_on_host(container)


def pod_template(template: Object) -> None:
    """A PodTemplateSpec."""
    fill(template, metadata={})
    pod_spec(part(template, "spec"))


def pod_spec(spec: Object) -> None:
    """A PodSpec, wherever it stands."""
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    fill_empty(spec, dnsPolicy="ClusterFirst", restartPolicy="Always", schedulerName="default-scheduler")
    fill(spec, securityContext={}, terminationGracePeriodSeconds=30)
    for volume in each(spec, "volumes"):
        _volume(volume)
    for name in _CONTAINER_LISTS:
        for container in each(spec, name):
            _container(container)


def is_latest(image: str) -> bool:
    """Whether an image reference means the tag `latest`, said or not."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag == "latest" or not (tag or digest)


def _pull_policy(image: str) -> str:
    return "Always" if is_latest(image) else "IfNotPresent"


def _container(container: Object) -> None:
    fill_empty(
        container,
        imagePullPolicy=_pull_policy(container.get("image") or ""),
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    fill(container, resources={})
    for port in each(container, "ports"):
        fill_empty(port, protocol="TCP")
    for variable in each(container, "env"):
        source = variable.get("valueFrom") or {}
        _field_reference(source.get("fieldRef"))
        if source.get("fileKeyRef"):
            source["fileKeyRef"].setdefault("optional", False)
    for name in _PROBES:
        if container.get(name):
            _probe(container[name])
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict):
            _http_get(hook.get("httpGet"))


def _probe(probe: Object) -> None:
    for name, value in (
        ("timeoutSeconds", 1),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ):
        probe[name] = probe.get(name) or value
    _http_get(probe.get("httpGet"))
    if probe.get("grpc"):
        fill(probe["grpc"], service="")


def _http_get(action: Object | None) -> None:
    if action:
        fill_empty(action, path="/", scheme="HTTP")


def _field_reference(reference: Object | None) -> None:
    if reference:
        fill_empty(reference, apiVersion="v1")


def _volume(volume: Object) -> None:
    sources = [name for name in volume if name != "name" and volume[name] is not None]
    if not sources:
        volume["emptyDir"] = {}
    for name in sources:
        fill(volume[name], **_VOLUME_DEFAULTS.get(name, {}))
    if volume.get("image"):
        fill_empty(volume["image"], pullPolicy=_pull_policy(volume["image"].get("reference") or ""))
    if volume.get("downwardAPI"):
        _downward(volume["downwardAPI"])
    for source in each(volume.get("projected") or {}, "sources"):
        if source.get("serviceAccountToken"):
            fill(source["serviceAccountToken"], expirationSeconds=3600)
        _downward(source.get("downwardAPI") or {})
    template = ((volume.get("ephemeral") or {}).get("volumeClaimTemplate")) or {}
    if template:
        fill(template, metadata={})
        fill(part(template, "spec"), volumeMode="Filesystem")


def _downward(source: Object) -> None:
    for item in each(source, "items"):
        _field_reference(item.get("fieldRef"))


def _request_what_is_limited(container: Object) -> None:
    limits = container["resources"].get("limits")
    if limits:
        container["resources"]["requests"] = limits | (container["resources"].get("requests") or {})


def _expose_on_host(container: Object) -> None:
    for port in each(container, "ports"):
        port["hostPort"] = port.get("hostPort") or port.get("containerPort")
