"""The scale subresource: an autoscaling/v1 Scale as a view of a workload's replicas.

Source: kubernetes, pkg/registry/apps/deployment/storage, ScaleREST.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from proa.cluster.apiserver import codec, metadata
from proa.cluster.apiserver.columns.column import AGE, NAME, field, number
from proa.cluster.apiserver.kind import Kind, ScalePaths
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.schema.field_error import invalid_value
from proa.cluster.apiserver.shape import check_shape, check_type
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Entry
from proa.errors import InternalError
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


def scale_of(workload: Object, paths: ScalePaths | None = None) -> Object:
    """The Scale of a workload, or of a custom object. Raises InternalError when that has no replicas."""
    if paths is not None:
        return _custom_scale(workload, paths)
    replicas = workload["spec"].get("replicas", 0)
    observed = (workload.get("status") or {}).get("replicas", 0)
    return _scale_object(workload, replicas, observed, format_selector(_selector(workload["spec"])))


def _custom_scale(obj: Object, paths: ScalePaths) -> Object:
    replicas = field(obj, *paths.replicas)
    if not isinstance(replicas, int):
        missing = f'the spec replicas field ".{".".join(paths.replicas)}" does not exist'
        raise InternalError(f"Internal error occurred: {missing}", {"causes": [{"message": missing}]})
    selector = field(obj, *paths.selector) if paths.selector else None
    return _scale_object(obj, replicas, field(obj, *paths.observed) or 0, selector or "")


def _scale_object(obj: Object, replicas: int, observed: int, selector: str) -> Object:
    fields = obj["metadata"]
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: fields[name] for name in _SHOWN if name in fields},
        "spec": {"replicas": replicas} if replicas else {},
        "status": {"replicas": observed} | ({"selector": selector} if selector else {}),
    }


def scale_entry(entry: Entry, paths: ScalePaths | None = None) -> Entry:
    """The Scale of a stored workload or custom object, as an answer."""
    return Entry(entry.key, entry.revision, 0, codec.encode_json(scale_of(codec.decode(entry), paths)))


def _with_replicas(obj: Object, path: Sequence[str], replicas: int) -> Object:
    """A copy with another number at a path."""
    name, *rest = path
    below = obj.get(name) if isinstance(obj.get(name), dict) else {}
    return {**obj, name: _with_replicas(below or {}, rest, replicas) if rest else replicas}


def scaled(
    workload: Object, change: Callable[[Object], Object], target: Target, options: WriteOptions
) -> Object:
    """The workload after a change of its Scale. Raises BadRequest or Invalid for what is no Scale."""
    paths = target.kind.scale
    scale = change(scale_of(workload, paths))
    replicas = checked_replicas(scale, target, options)
    wanted = {
        name: scale["metadata"][name] for name in ("uid", "resourceVersion") if name in scale["metadata"]
    }
    fields = {k: v for k, v in workload["metadata"].items() if k not in ("uid", "resourceVersion")}
    renewed = {**workload, "metadata": fields | wanted}
    return _with_replicas(renewed, paths.replicas if paths else ("spec", "replicas"), replicas)


def checked_replicas(scale: Object, target: Target, options: WriteOptions) -> int:
    """What a Scale asks for. Raises BadRequest, Invalid."""
    about = replace(target, kind=SCALE)
    check_type(scale, about)
    check_shape(scale, about, options)
    metadata.settle_address(scale, about)
    replicas = int((scale.get("spec") or {}).get("replicas") or 0)
    if replicas < 0 and target.kind.scale is None:
        error = invalid_value("spec.replicas", replicas, "must be greater than or equal to 0")
        raise invalid("Scale", SCALE.resource.group, target.name, [error])
    return replicas


def scale_configuration(scale: Object, target: Target, options: WriteOptions) -> Object:
    """What an applied Scale says of the workload. Raises BadRequest, Invalid."""
    replicas = checked_replicas(scale, target, options)
    resource = target.resource
    about = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": scale["metadata"]}
    paths = target.kind.scale
    return _with_replicas(about, paths.replicas if paths else ("spec", "replicas"), replicas)


def _selector(spec: Object) -> Object:
    """A ReplicationController's selector is a plain map of labels."""
    selector: Object = spec.get("selector") or {}
    return (
        selector if "matchLabels" in selector or "matchExpressions" in selector else {"matchLabels": selector}
    )
