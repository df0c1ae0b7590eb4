"""HorizontalPodAutoscaler of autoscaling/v1, which knows the processor only; the rest are annotations. Pure.

Source: kubernetes pkg/apis/autoscaling/v1/conversion.go.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from proa.kube.resources import Object

_METRICS = "autoscaling.alpha.kubernetes.io/metrics"
_STATUSES = "autoscaling.alpha.kubernetes.io/current-metrics"
_CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
_BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"
_ROUND_TRIP = (_METRICS, _STATUSES, _CONDITIONS, _BEHAVIOR)
_DEFAULT_PERCENT = 80
_KEPT_SPEC = ("scaleTargetRef", "minReplicas", "maxReplicas")
_KEPT_STATUS = ("observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas")


def show(autoscaler: Object) -> Object:
    """The v1 object of a v2 one."""
    spec, status = autoscaler.get("spec") or {}, autoscaler.get("status") or {}
    metrics = spec.get("metrics") or []
    percent = next((_percent(m) for m in metrics if _percent(m) is not None), None)
    others = [_metric_v1(metric) for metric in metrics if _percent(metric) is None]
    current = status.get("currentMetrics") or []
    used = next((_current_percent(m) for m in current if _current_percent(m) is not None), None)
    notes = {
        _METRICS: others,
        _STATUSES: [_status_v1(one) for one in current if one.get("type")],
        _CONDITIONS: status.get("conditions") or [],
        _BEHAVIOR: _capitalized(spec.get("behavior")) if spec.get("behavior") else None,
    }
    shown_spec = {name: spec[name] for name in _KEPT_SPEC if name in spec}
    shown_status = {"currentReplicas": 0, "desiredReplicas": 0}
    shown_status |= {name: status[name] for name in _KEPT_STATUS if name in status}
    return {
        "apiVersion": "autoscaling/v1",
        "kind": autoscaler["kind"],
        "metadata": _annotated(autoscaler["metadata"], {k: v for k, v in notes.items() if v}),
        "spec": shown_spec | ({} if percent is None else {"targetCPUUtilizationPercentage": percent}),
        "status": shown_status | ({} if used is None else {"currentCPUUtilizationPercentage": used}),
    }


def store(autoscaler: Object) -> Object:
    """The v2 object of a v1 one. Annotations that cannot be read are left out, as upstream does."""
    spec, status = autoscaler.get("spec") or {}, autoscaler.get("status") or {}
    annotations = autoscaler["metadata"].get("annotations") or {}
    metrics = [_metric_v2(metric) for metric in _read(annotations, _METRICS) or []]
    percent = spec.get("targetCPUUtilizationPercentage")
    if percent is None and not metrics:
        percent = _DEFAULT_PERCENT
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": target}})
    behavior = _read(annotations, _BEHAVIOR)
    stored_spec = {name: spec[name] for name in _KEPT_SPEC if name in spec} | {"metrics": metrics}
    current = [_status_v2(one) for one in _read(annotations, _STATUSES) or []]
    stored_status = {name: status[name] for name in _KEPT_STATUS if status.get(name)}
    conditions = _read(annotations, _CONDITIONS)
    return {
        "apiVersion": "autoscaling/v2",
        "kind": autoscaler["kind"],
        "metadata": _annotated(autoscaler["metadata"], {}),
        "spec": stored_spec | ({"behavior": _uncapitalized(behavior)} if behavior else {}),
        "status": {"currentMetrics": current or None, "desiredReplicas": 0}
        | stored_status
        | ({"conditions": conditions} if conditions else {}),
    }


def _annotated(metadata: Object, notes: dict[str, Any]) -> Object:
    """The metadata with these round-trip annotations and no others."""
    old = metadata.get("annotations") or {}
    kept = {name: text for name, text in old.items() if name not in _ROUND_TRIP}
    kept |= {name: json.dumps(value, separators=(",", ":")) for name, value in notes.items()}
    rest = {name: value for name, value in metadata.items() if name != "annotations"}
    return rest | ({"annotations": kept} if kept else {})


def _read(annotations: dict[str, str], name: str) -> Any:
    try:
        return json.loads(annotations.get(name, "null"))
    except ValueError:
        return None


def _percent(metric: Object) -> int | None:
    """The target of the one metric that v1 has a field for."""
    resource = metric.get("resource") or {}
    return (resource.get("target") or {}).get("averageUtilization") if resource.get("name") == "cpu" else None


def _current_percent(status: Object) -> int | None:
    resource = status.get("resource") or {}
    return (
        (resource.get("current") or {}).get("averageUtilization") if resource.get("name") == "cpu" else None
    )


def _metric_v1(metric: Object) -> Object:
    return _convert(metric, _spec_v1)


def _metric_v2(metric: Object) -> Object:
    return _convert(metric, _spec_v2)


def _status_v1(status: Object) -> Object:
    return _convert(status, _current_v1)


def _status_v2(status: Object) -> Object:
    return _convert(status, _current_v2)


def _convert(metric: Object, convert: Callable[[str, Object], Object]) -> Object:
    key = metric["type"][:1].lower() + metric["type"][1:]
    return {"type": metric["type"], key: convert(key, metric.get(key) or {})}


def _spec_v1(key: str, source: Object) -> Object:
    target, metric = source.get("target") or {}, source.get("metric") or {}
    value, average = target.get("value"), target.get("averageValue")
    if key in ("resource", "containerResource"):
        fields = {"targetAverageUtilization": target.get("averageUtilization"), "targetAverageValue": average}
        return _present({"name": source.get("name"), "container": source.get("container"), **fields})
    if key == "external":
        fields = {"metricName": metric.get("name"), "metricSelector": metric.get("selector")}
        return _present({**fields, "targetValue": value, "targetAverageValue": average})
    fields = {"metricName": metric.get("name"), "selector": metric.get("selector")}
    if key == "pods":
        return _present({**fields, "targetAverageValue": average})
    described = source.get("describedObject")
    return _present({"target": described, **fields, "targetValue": value or "0", "averageValue": average})


def _spec_v2(key: str, source: Object) -> Object:
    name, selector = source.get("metricName"), source.get("selector", source.get("metricSelector"))
    metric = _present({"name": name, "selector": selector})
    if key in ("resource", "containerResource"):
        percent, average = source.get("targetAverageUtilization"), source.get("targetAverageValue")
        kind = "AverageValue" if percent is None else "Utilization"
        target = _present({"type": kind, "averageUtilization": percent, "averageValue": average})
        return _present({"name": source.get("name"), "container": source.get("container"), "target": target})
    if key == "pods":
        return {
            "metric": metric,
            "target": {"type": "AverageValue", "averageValue": source.get("targetAverageValue")},
        }
    average = source.get("averageValue", source.get("targetAverageValue"))
    value = source.get("targetValue") if average is None or source.get("targetValue") != "0" else None
    kind = "Value" if average is None else "AverageValue"
    target = _present({"type": kind, "value": value, "averageValue": average})
    return _present({"describedObject": source.get("target"), "metric": metric, "target": target})


def _current_v1(key: str, source: Object) -> Object:
    current, metric = source.get("current") or {}, source.get("metric") or {}
    average = current.get("averageValue")
    if key in ("resource", "containerResource"):
        percent = current.get("averageUtilization")
        fields = {"currentAverageUtilization": percent, "currentAverageValue": average or "0"}
        return _present({"name": source.get("name"), "container": source.get("container"), **fields})
    fields = {"metricName": metric.get("name"), "currentAverageValue": average}
    if key == "external":
        value = current.get("value") or "0"
        return _present({**fields, "metricSelector": metric.get("selector"), "currentValue": value})
    if key == "pods":
        return _present({**fields, "selector": metric.get("selector")})
    return _present(
        {
            "target": source.get("describedObject"),
            "metricName": metric.get("name"),
            "selector": metric.get("selector"),
            "currentValue": current.get("value") or "0",
            "averageValue": average,
        }
    )


def _current_v2(key: str, source: Object) -> Object:
    average = source.get("currentAverageValue", source.get("averageValue"))
    percent = source.get("currentAverageUtilization")
    value = source.get("currentValue")
    current = _present({"value": value, "averageValue": average, "averageUtilization": percent})
    head = {name: source.get(name) for name in ("name", "container")}
    if key in ("resource", "containerResource"):
        return _present({**head, "current": current})
    selector = source.get("selector", source.get("metricSelector"))
    metric = _present({"name": source.get("metricName"), "selector": selector})
    return _present({"describedObject": source.get("target"), "metric": metric, "current": current})


def _present(fields: dict[str, Any]) -> Object:
    return {name: value for name, value in fields.items() if value is not None}


def _capitalized(value: Any) -> Any:
    """Upstream writes the behavior with the names of its internal type: ScaleUp, SelectPolicy."""
    return _renamed(value, lambda name: name[:1].upper() + name[1:])


def _uncapitalized(value: Any) -> Any:
    return _renamed(value, lambda name: name[:1].lower() + name[1:])


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {rename(name): _renamed(one, rename) for name, one in value.items() if one is not None}
    return [_renamed(one, rename) for one in value] if isinstance(value, list) else value
