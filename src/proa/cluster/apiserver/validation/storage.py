"""Volumes, claims and classes."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.names import SUBDOMAIN, key_problems
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    forbidden,
    invalid_value,
    required,
    unsupported,
)
from proa.cluster.apiserver.validation.common import amounts, immutable, one_of, path, selector
from proa.cluster.apiserver.validation.scheduling import node_selector
from proa.kube.quantities import parse_quantity
from proa.kube.resources import Object

_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_RECLAIM_POLICIES = ("Delete", "Recycle", "Retain")
_VOLUME_MODES = ("Block", "Filesystem")
_SOURCES = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte",
    "cephfs", "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk",
    "portworxVolume", "azureDisk", "scaleIO", "local", "storageos", "csi",
)  # fmt: skip


def persistent_volume(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """PersistentVolume."""
    spec = obj.get("spec") or {}
    if not spec.get("accessModes"):
        yield required("spec.accessModes")
    yield from _access_modes("spec", spec)
    yield from _capacity(spec.get("capacity") or {})
    yield from one_of(
        "spec.persistentVolumeReclaimPolicy", spec.get("persistentVolumeReclaimPolicy"), _RECLAIM_POLICIES
    )
    if path(spec, "nodeAffinity", "required") is not None:
        yield from node_selector("spec.nodeAffinity.required", spec["nodeAffinity"]["required"])
    yield from _volume_source(spec)
    yield from _class_and_mode("spec", spec)


def _capacity(capacity: Object) -> Iterator[FieldError]:
    if not capacity:
        yield required("spec.capacity")
    if set(capacity) != {"storage"}:
        yield unsupported("spec.capacity", capacity or None, ("storage",))
    for name, amount in capacity.items():
        if parse_quantity(amount) <= 0:
            yield invalid_value(f"spec.capacity[{name}]", str(amount), "must be greater than zero")


def _volume_source(spec: Object) -> Iterator[FieldError]:
    sources = [name for name in _SOURCES if spec.get(name) is not None]
    if not sources:
        yield required("spec", "must specify a volume type")
    for name in sources[1:]:
        yield forbidden(f"spec.{name}", "may not specify more than 1 volume type")
    for name in ("hostPath", "local"):
        if spec.get(name) is not None and ".." in (spec[name].get("path") or "").split("/"):
            yield invalid_value(f"spec.{name}.path", spec[name]["path"], "must not contain '..'")
    if sources[:1] == ["local"] and not path(spec, "nodeAffinity", "required"):
        yield required("spec.nodeAffinity", "Local volume requires node affinity")


def volume_update(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """The source and the mode of a volume stay."""
    if old is None:
        return
    before, after = ({name: path(o, "spec", name) for name in _SOURCES} for o in (old, obj))
    if before != after:
        yield forbidden(
            "spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"
        )
    if path(obj, "spec", "volumeMode") != path(old, "spec", "volumeMode"):
        yield invalid_value("volumeMode", path(obj, "spec", "volumeMode"), "field is immutable")


def persistent_volume_claim(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """PersistentVolumeClaim."""
    return claim_spec("spec", obj.get("spec") or {})


def claim_spec(field: str, spec: Object) -> Iterator[FieldError]:
    """A PersistentVolumeClaimSpec."""
    if not spec.get("accessModes"):
        yield required(f"{field}.accessModes", "at least 1 access mode is required")
    yield from selector(f"{field}.selector", spec.get("selector"))
    yield from _access_modes(field, spec)
    yield from amounts(f"{field}.resources.limits", path(spec, "resources", "limits"))
    size = path(spec, "resources", "requests", "storage")
    if size is None:
        yield required(f"{field}.resources[storage]")
    elif parse_quantity(size) <= 0:
        yield invalid_value(f"{field}.resources[storage]", str(size), "must be greater than zero")
    yield from _class_and_mode(field, spec)


def _access_modes(field: str, spec: Object) -> Iterator[FieldError]:
    modes = spec.get("accessModes") or []
    for mode in modes:
        yield from one_of(f"{field}.accessModes", mode, _ACCESS_MODES)
    if "ReadWriteOncePod" in modes and set(modes) != {"ReadWriteOncePod"}:
        yield forbidden(f"{field}.accessModes", "may not use ReadWriteOncePod with other access modes")


def _class_and_mode(field: str, spec: Object) -> Iterator[FieldError]:
    name = spec.get("storageClassName")
    if name:
        for problem in SUBDOMAIN.problems(name):
            yield invalid_value(f"{field}.storageClassName", name, problem)
    yield from one_of(f"{field}.volumeMode", spec.get("volumeMode"), _VOLUME_MODES)


def claim_update(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """A claim may get a volume, then only ask for more space."""
    if old is None or obj.get("spec") == old.get("spec"):
        return
    new_spec, old_spec = obj.get("spec") or {}, old.get("spec") or {}
    if _fixed(new_spec, old_spec, old) != _fixed(old_spec, old_spec, old):
        free = "resources.requests and volumeAttributesClassName for bound claims"
        detail = f"spec is immutable after creation except {free}"
        yield forbidden("spec", detail)
    before, after = (path(spec, "resources", "requests", "storage") for spec in (old_spec, new_spec))
    floor = path(old, "status", "capacity", "storage")
    if before is None or after is None or parse_quantity(after) >= parse_quantity(before):
        return
    if floor is None or parse_quantity(after) <= parse_quantity(floor):
        detail = "field can not be less than status.capacity"
        yield forbidden("spec.resources.requests.storage", detail)


def _fixed(spec: Object, old_spec: Object, old: Object) -> Object:
    """What must stay; a class may be set once, a volume too, and a bound claim may grow."""
    fixed = dict(spec)
    if not old_spec.get("volumeName"):
        fixed.pop("volumeName", None)
    if old_spec.get("storageClassName") is None:
        fixed.pop("storageClassName", None)
    if path(old, "status", "phase") == "Bound":
        fixed.pop("volumeAttributesClassName", None)
        resources = dict(spec.get("resources") or {})
        requests = dict(resources.pop("requests", None) or {})
        requests.pop("storage", None)
        fixed["resources"] = {**resources, "requests": requests}
    return fixed


def storage_class(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """StorageClass: nothing that made volumes may change."""
    provisioner = obj.get("provisioner") or ""
    for problem in key_problems(provisioner.lower()) if provisioner else ():
        yield invalid_value("provisioner", provisioner.lower(), problem)
    yield from one_of("reclaimPolicy", obj.get("reclaimPolicy"), ("Delete", "Retain"))
    yield from one_of(
        "volumeBindingMode", obj.get("volumeBindingMode"), ("Immediate", "WaitForFirstConsumer")
    )
    if old is not None and (obj.get("parameters") or {}) != (old.get("parameters") or {}):
        yield forbidden("parameters", "updates to parameters are forbidden.")
    if old is not None and provisioner != old.get("provisioner"):
        yield forbidden("provisioner", "updates to provisioner are forbidden.")
    for name in ("reclaimPolicy", "volumeBindingMode"):
        yield from immutable(obj, old, name)
