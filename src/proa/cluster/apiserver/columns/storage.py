"""Volumes, claims, classes and drivers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from proa.cluster.apiserver.columns.column import (
    AGE,
    NAME,
    NONE,
    UNSET,
    Column,
    field,
    flag,
    length,
    text,
)
from proa.kube.meta import annotations_of, is_deleting
from proa.kube.resources import Object

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


def _modes(modes: list[str] | None) -> str:
    return ",".join(short for mode, short in _MODES.items() if mode in (modes or ()))


def _phase(obj: Object, _now: dt.datetime) -> str:
    return "Terminating" if is_deleting(obj) else str(field(obj, "status", "phase") or "")


def _class(obj: Object, _now: dt.datetime) -> str:
    return annotations_of(obj).get(_OLD_CLASS) or str(field(obj, "spec", "storageClassName") or "")


def _claim(volume: Object, _now: dt.datetime) -> str:
    reference = field(volume, "spec", "claimRef")
    return f"{reference.get('namespace', '')}/{reference.get('name', '')}" if reference else ""


_CLASS = Column("StorageClass", _class)
_ATTRIBUTES = text("VolumeAttributesClass", "spec", "volumeAttributesClassName", absent=UNSET)
_VOLUME_MODE = text("VolumeMode", "spec", "volumeMode", absent=UNSET, wide=True)

PERSISTENT_VOLUMES = (
    NAME,
    text("Capacity", "spec", "capacity", "storage", absent="0"),
    Column("Access Modes", lambda obj, _now: _modes(field(obj, "spec", "accessModes"))),
    text("Reclaim Policy", "spec", "persistentVolumeReclaimPolicy"),
    Column("Status", _phase),
    Column("Claim", _claim),
    _CLASS,
    _ATTRIBUTES,
    text("Reason", "status", "reason"),
    AGE,
    _VOLUME_MODE,
)


def _bound_capacity(claim: Object, _now: dt.datetime) -> str:
    if not field(claim, "spec", "volumeName"):
        return ""
    return str(field(claim, "status", "capacity", "storage") or "0")


def _bound_modes(claim: Object, _now: dt.datetime) -> str:
    return _modes(field(claim, "status", "accessModes")) if field(claim, "spec", "volumeName") else ""


PERSISTENT_VOLUME_CLAIMS = (
    NAME,
    Column("Status", _phase),
    text("Volume", "spec", "volumeName"),
    Column("Capacity", _bound_capacity),
    Column("Access Modes", _bound_modes),
    _CLASS,
    _ATTRIBUTES,
    AGE,
    _VOLUME_MODE,
)


def _class_name(obj: Object, _now: dt.datetime) -> str:
    is_default = any(annotations_of(obj).get(key) == "true" for key in _DEFAULT_CLASS)
    return f"{obj['metadata']['name']}{' (default)' if is_default else ''}"


STORAGE_CLASSES = (
    Column("Name", _class_name, format="name"),
    text("Provisioner", "provisioner"),
    text("ReclaimPolicy", "reclaimPolicy", absent="Delete"),
    text("VolumeBindingMode", "volumeBindingMode", absent="Immediate"),
    Column("AllowVolumeExpansion", flag("", "allowVolumeExpansion").cell),
    AGE,
)


def _audiences(driver: Object, _now: dt.datetime) -> str:
    requests = field(driver, "spec", "tokenRequests")
    return UNSET if requests is None else ",".join(request["audience"] for request in requests)


CSI_DRIVERS = (
    NAME,
    flag("AttachRequired", "spec", "attachRequired", absent=True),
    flag("PodInfoOnMount", "spec", "podInfoOnMount"),
    flag("StorageCapacity", "spec", "storageCapacity"),
    Column("TokenRequests", _audiences),
    flag("RequiresRepublish", "spec", "requiresRepublish"),
    Column("Modes", lambda obj, _now: ",".join(field(obj, "spec", "volumeLifecycleModes") or ()) or NONE),
    AGE,
)
CSI_NODES = (NAME, length("Drivers", "spec", "drivers"), AGE)
CSI_STORAGE_CAPACITIES = (NAME, text("StorageClassName", "storageClassName"), text("Capacity", "capacity"))
VOLUME_ATTACHMENTS = (
    NAME,
    replace(text("Attacher", "spec", "attacher"), format="name"),
    text("PV", "spec", "source", "persistentVolumeName"),
    text("Node", "spec", "nodeName"),
    flag("Attached", "status", "attached"),
    AGE,
)
VOLUME_ATTRIBUTES_CLASSES = (NAME, text("DriverName", "driverName"), AGE)
