"""HorizontalPodAutoscalers (source: kubernetes pkg/apis/autoscaling/validation)."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    forbidden,
    invalid_value,
    required,
    unsupported,
)
from proa.kube.quantities import parse_quantity
from proa.kube.resources import Object

_LONGEST_PERIOD, _LONGEST_WINDOW = 1800, 3600
_SELECT = ("Disabled", "Max", "Min")
_POLICIES = ("Percent", "Pods")
_SOURCES = ("ContainerResource", "External", "Object", "Pods", "Resource")
_TARGETS = ("AverageValue", "Utilization", "Value")


def horizontal_pod_autoscaler(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """autoscaling/v2."""
    spec = obj.get("spec") or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    if least is not None and least < 0:
        yield invalid_value("spec.minReplicas", least, "must be greater than or equal to 0")
    if most == 0:
        yield required("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        yield invalid_value("spec.maxReplicas", most, "must be greater than or equal to 1")
    if least is not None and most < least:
        yield invalid_value("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    yield from _reference("spec.scaleTargetRef", spec.get("scaleTargetRef") or {})
    metrics = spec.get("metrics") or []
    for index, metric in enumerate(metrics):
        yield from _metric(f"spec.metrics[{index}]", metric)
    if least == 0 and not any(metric.get("type") in ("Object", "External") for metric in metrics):
        why = "must specify at least one Object or External metric to support scaling to zero replicas"
        yield forbidden("spec.metrics", why)
    for side in ("scaleUp", "scaleDown"):
        rules = (spec.get("behavior") or {}).get(side)
        if rules is not None:
            yield from _rules(f"spec.behavior.{side}", rules)


def _reference(field: str, reference: Object) -> Iterator[FieldError]:
    for name in ("kind", "name"):
        value = reference.get(name) or ""
        if not value:
            yield required(f"{field}.{name}")
        elif value in (".", "..") or "/" in value or "%" in value:
            yield invalid_value(f"{field}.{name}", value, "may not contain '/' or '%', nor be '.' or '..'")


def _metric(field: str, metric: Object) -> Iterator[FieldError]:
    kind = metric.get("type") or ""
    if not kind:
        yield required(f"{field}.type", "must specify a metric source type")
    if kind not in _SOURCES:
        yield unsupported(f"{field}.type", kind, _SOURCES)
        return
    key = kind[:1].lower() + kind[1:]
    source = metric.get(key)
    if source is None:
        yield required(f"{field}.{key}", "must populate information for the given metric source")
    else:
        yield from _source(f"{field}.{key}", key, source)
    others = [name[:1].lower() + name[1:] for name in _SOURCES if name != kind]
    for name in others:
        if metric.get(name) is not None:
            yield forbidden(f"{field}.{name}", "must populate the given metric source only")


def _source(field: str, key: str, source: Object) -> Iterator[FieldError]:
    target = source.get("target") or {}
    if key in ("resource", "containerResource"):
        if not source.get("name"):
            yield required(f"{field}.name", "must specify a resource name")
        if key == "containerResource" and not source.get("container"):
            yield required(f"{field}.container", "must specify a container")
    elif not (source.get("metric") or {}).get("name"):
        yield required(f"{field}.metric.name", "must specify a metric name")
    if key == "object":
        yield from _reference(f"{field}.describedObject", source.get("describedObject") or {})
    yield from _target(f"{field}.target", key, target)


def _target(field: str, key: str, target: Object) -> Iterator[FieldError]:
    kind = target.get("type") or ""
    if not kind:
        yield required(f"{field}.type", "must specify a metric target type")
    if kind not in _TARGETS:
        yield unsupported(f"{field}.type", kind, _TARGETS)
    for name in ("value", "averageValue"):
        if target.get(name) is not None and parse_quantity(target[name]) <= 0:
            yield invalid_value(f"{field}.{name}", target[name], "must be positive")
    percent, average, value = (target.get(n) for n in ("averageUtilization", "averageValue", "value"))
    if percent is not None and percent < 1:
        yield invalid_value(f"{field}.averageUtilization", percent, "must be greater than 0")
    if key in ("resource", "containerResource"):
        if percent is None and average is None:
            why = "must set either a target raw value or a target utilization"
            yield required(f"{field}.averageUtilization", why)
        if percent is not None and average is not None:
            why = "may not set both a target raw value and a target utilization"
            yield forbidden(f"{field}.averageValue", why)
    elif key == "pods" and average is None:
        yield required(f"{field}.averageValue", "must specify a positive target averageValue")
    elif key in ("object", "external") and value is None and average is None:
        what = "value or averageValue" if key == "object" else "value for metric or a per-pod target"
        yield required(f"{field}.averageValue", f"must set either a target {what}")


def _rules(field: str, rules: Object) -> Iterator[FieldError]:
    window, select = rules.get("stabilizationWindowSeconds"), rules.get("selectPolicy")
    if window is not None and window < 0:
        yield invalid_value(
            f"{field}.stabilizationWindowSeconds", window, "must be greater than or equal to zero"
        )
    if window is not None and window > _LONGEST_WINDOW:
        why = f"must be less than or equal to {_LONGEST_WINDOW}"
        yield invalid_value(f"{field}.stabilizationWindowSeconds", window, why)
    if select is not None and select not in _SELECT:
        yield unsupported(f"{field}.selectPolicy", select, _SELECT)
    policies = rules.get("policies") or []
    if not policies:
        yield required(f"{field}.policies", "must specify at least one Policy")
    for index, policy in enumerate(policies):
        yield from _policy(f"{field}.policies[{index}]", policy)
    tolerance = rules.get("tolerance")
    if tolerance is not None and parse_quantity(tolerance) < 0:
        yield invalid_value(f"{field}.tolerance", tolerance, "must be greater than or equal to 0")


def _policy(field: str, policy: Object) -> Iterator[FieldError]:
    value, period = policy.get("value") or 0, policy.get("periodSeconds") or 0
    if policy.get("type") not in _POLICIES:
        yield unsupported(f"{field}.type", policy.get("type") or "", _POLICIES)
    if value <= 0:
        yield invalid_value(f"{field}.value", value, "must be greater than zero")
    if period <= 0:
        yield invalid_value(f"{field}.periodSeconds", period, "must be greater than zero")
    if period > _LONGEST_PERIOD:
        why = f"must be less than or equal to {_LONGEST_PERIOD}"
        yield invalid_value(f"{field}.periodSeconds", period, why)
