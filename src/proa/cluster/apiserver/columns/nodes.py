"""Nodes."""

from __future__ import annotations

import datetime as dt

from proa.cluster.apiserver.columns.column import AGE, NAME, NONE, UNKNOWN, CellReader, Column, field, text
from proa.kube.meta import find_condition, labels_of
from proa.kube.resources import Object

_ROLE_PREFIX, _ROLE = "node-role.kubernetes.io/", "kubernetes.io/role"


def _status(node: Object, _now: dt.datetime) -> str:
    ready = find_condition(node, "Ready")
    words = ["Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"]
    if field(node, "spec", "unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _roles(node: Object, _now: dt.datetime) -> str:
    labels = labels_of(node)
    roles = {key.removeprefix(_ROLE_PREFIX) for key in labels if key.startswith(_ROLE_PREFIX)}
    return ",".join(sorted((roles | {labels.get(_ROLE, "")}) - {""})) or NONE


def _address(kind: str) -> CellReader:
    def cell(node: Object, _now: dt.datetime) -> str:
        addresses = field(node, "status", "addresses") or ()
        return next((str(a["address"]) for a in addresses if a["type"] == kind), NONE)

    return cell


def _kernel(node: Object, _now: dt.datetime) -> str:
    version = field(node, "status", "nodeInfo", "kernelVersion") or UNKNOWN
    architecture = field(node, "status", "nodeInfo", "architecture")
    return f"{version} ({architecture})" if architecture else str(version)


NODES = (
    NAME,
    Column("Status", _status),
    Column("Roles", _roles),
    AGE,
    text("Version", "status", "nodeInfo", "kubeletVersion"),
    Column("Internal-IP", _address("InternalIP"), wide=True),
    Column("External-IP", _address("ExternalIP"), wide=True),
    text("OS-Image", "status", "nodeInfo", "osImage", absent=UNKNOWN, wide=True),
    Column("Kernel-Version", _kernel, wide=True),
    text("Container-Runtime", "status", "nodeInfo", "containerRuntimeVersion", absent=UNKNOWN, wide=True),
)
