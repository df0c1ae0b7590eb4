"""The scale subresource: an autoscaling/v1 Scale as a view of a workload's replicas.

Source: kubernetes, pkg/registry/apps/deployment/storage, ScaleREST.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from proa.cluster.apiserver import codec, metadata
from proa.cluster.apiserver.columns.column import AGE, NAME, number
from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.schema.field_error import invalid_value
from proa.cluster.apiserver.shape import check_shape, check_type
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Entry
from proa.kube.resources import Object, Resource
from proa.kube.selectors import format_selector

SCALE = Kind(
    resource=Resource("autoscaling", "v1", "scales", "Scale"),
    columns=(
        NAME,
        number("Desired", "spec", "replicas"),
        number("Available", "status", "replicas"),
        AGE,
    ),
)
_SHOWN = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(workload: Object) -> Object:
    """The Scale of a workload."""
    fields = workload["metadata"]
    replicas = workload["spec"].get("replicas", 0)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: fields[name] for name in _SHOWN if name in fields},
        "spec": {"replicas": replicas} if replicas else {},
        "status": {
            "replicas": (workload.get("status") or {}).get("replicas", 0),
            "selector": format_selector(_selector(workload["spec"])),
        },
    }


def scale_entry(entry: Entry) -> Entry:
    """The Scale of a stored workload, as an answer."""
    return Entry(entry.key, entry.revision, 0, codec.encode_json(scale_of(codec.decode(entry))))


def scaled(
    workload: Object, change: Callable[[Object], Object], target: Target, options: WriteOptions
) -> Object:
    """The workload after a change of its Scale. Raises BadRequest or Invalid for what is no Scale."""
    scale = change(scale_of(workload))
    replicas = checked_replicas(scale, target, options)
    wanted = {
        name: scale["metadata"][name] for name in ("uid", "resourceVersion") if name in scale["metadata"]
    }
    fields = {k: v for k, v in workload["metadata"].items() if k not in ("uid", "resourceVersion")}
    return {**workload, "metadata": fields | wanted, "spec": {**workload["spec"], "replicas": replicas}}


def checked_replicas(scale: Object, target: Target, options: WriteOptions) -> int:
    """What a Scale asks for. Raises BadRequest, Invalid."""
    about = replace(target, kind=SCALE)
    check_type(scale, about)
    check_shape(scale, about, options)
    metadata.settle_address(scale, about)
    replicas = int((scale.get("spec") or {}).get("replicas") or 0)
    if replicas < 0:
        error = invalid_value("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid("Scale", SCALE.resource.group, target.name, [error])
    return replicas


def scale_configuration(scale: Object, target: Target, options: WriteOptions) -> Object:
    """What an applied Scale says of the workload. Raises BadRequest, Invalid."""
    replicas = checked_replicas(scale, target, options)
    resource = target.resource
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": scale["metadata"],
        "spec": {"replicas": replicas},
    }


def _selector(spec: Object) -> Object:
    """A ReplicationController's selector is a plain map of labels."""
    selector: Object = spec.get("selector") or {}
    return (
        selector if "matchLabels" in selector or "matchExpressions" in selector else {"matchLabels": selector}
    )
