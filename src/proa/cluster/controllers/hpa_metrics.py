"""Reads metrics from metrics.k8s.io, custom.metrics.k8s.io and external.metrics.k8s.io.

Source: kubernetes pkg/controller/podautoscaler/metrics/client.go.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import quote

from proa.cluster.controllers.hpa_samples import MetricsError, Sample
from proa.errors import ApiError, NotFound, ServiceUnavailable
from proa.kube import Object, to_milli
from proa.kube.durations import parse_duration
from proa.kube.meta import parse_time
from proa.kube.selectors import format_selector

Read = Callable[[str, Mapping[str, str]], Awaitable[Object]]
"""The object at a path of an aggregated API, with a query. Raises ApiError."""
PluralOf = Callable[[str, str], Awaitable[str]]
"""`pods`, `ingresses.networking.k8s.io`: the resource of an apiVersion and kind. Raises ApiError."""

_RESOURCES = "/apis/metrics.k8s.io/v1beta1"
_CUSTOM = "/apis/custom.metrics.k8s.io/v1beta2"
_EXTERNAL = "/apis/external.metrics.k8s.io/v1beta1"
_NOT_SERVED = "the server could not find the requested resource"
_WINDOW = 60.0


class MetricsReader:
    """Samples by pod, and single values in thousandths. Every method raises MetricsError."""

    def __init__(self, read: Read, plural_of: PluralOf) -> None:
        self._read = read
        self._plural_of = plural_of

    async def resource(
        self, resource: str, namespace: str, selector: str, container: str = ""
    ) -> dict[str, Sample]:
        """What pods, or one container of each, use of a resource."""
        path = f"{_RESOURCES}/namespaces/{namespace}/pods"
        items = await self._items("resource", path, {"labelSelector": selector})
        found = {item["metadata"]["name"]: _sample(item, resource, container) for item in items}
        return {name: sample for name, sample in found.items() if sample is not None}

    async def pods(
        self, metric: str, namespace: str, selector: str, metric_selector: Object | None
    ) -> dict[str, Sample]:
        """A metric of each pod."""
        path = f"{_CUSTOM}/namespaces/{namespace}/pods/*/{quote(metric, safe='')}"
        query = {"labelSelector": selector} | _metric_query("metricLabelSelector", metric_selector)
        return {
            item["describedObject"]["name"]: Sample(
                to_milli(item["value"]),
                parse_time(item["timestamp"]).timestamp(),
                float(item.get("windowSeconds") or _WINDOW),
            )
            for item in await self._items("custom", path, query)
        }

    async def object(self, metric: str, namespace: str, of: Object, metric_selector: Object | None) -> int:
        """A metric of one object."""
        try:
            plural = await self._plural_of(of.get("apiVersion") or "v1", of["kind"])
        except ApiError as error:
            raise MetricsError(f"unable to fetch metrics from custom metrics API: {error}") from error
        if plural == "namespaces":
            path = f"{_CUSTOM}/namespaces/{namespace}/metrics/{quote(metric, safe='')}"
        else:
            names = f"{quote(of['name'], safe='')}/{quote(metric, safe='')}"
            path = f"{_CUSTOM}/namespaces/{namespace}/{plural}/{names}"
        items = await self._items("custom", path, _metric_query("metricLabelSelector", metric_selector))
        return to_milli(items[0]["value"])

    async def external(self, metric: str, namespace: str, metric_selector: Object | None) -> int:
        """The sum of all values of a metric from elsewhere."""
        path = f"{_EXTERNAL}/namespaces/{namespace}/{quote(metric, safe='')}"
        items = await self._items("external", path, _metric_query("labelSelector", metric_selector))
        return sum(to_milli(item["value"]) for item in items)

    async def _items(self, api: str, path: str, query: Mapping[str, str]) -> list[Object]:
        try:
            items: list[Object] = (await self._read(path, query)).get("items") or []
        except ApiError as error:
            said = error.message
            if api == "custom" and isinstance(error, NotFound) and said == _NOT_SERVED:
                said = "no custom metrics API (custom.metrics.k8s.io) registered"
            text = f"unable to fetch metrics from {api} metrics API: {said}"
            if api == "resource" and isinstance(error, NotFound | ServiceUnavailable):
                text += " (get pods.metrics.k8s.io)"  # as clients say what they asked for
            raise MetricsError(text) from error
        if not items:
            raise MetricsError(f"no metrics returned from {api} metrics API")
        return items


def _metric_query(name: str, selector: Object | None) -> dict[str, str]:
    text = format_selector(selector) if selector else ""
    return {name: text} if text else {}


def _sample(item: Object, resource: str, container: str) -> Sample | None:
    """The sum over containers; None when any of those that count was not measured."""
    usages = [one["usage"] for one in _counted(item.get("containers") or (), container)]
    if not usages or any(resource not in usage for usage in usages):
        return None
    total = sum(to_milli(usage[resource]) for usage in usages)
    return Sample(total, parse_time(item["timestamp"]).timestamp(), _window(item.get("window", "")))


def _counted(containers: Iterable[Object], wanted: str) -> list[Object]:
    return [one for one in containers if wanted in ("", one["name"])]


def _window(text: str) -> float:
    """Seconds that a measurement took; a minute when it does not say."""
    try:
        return parse_duration(text)
    except ValueError:
        return _WINDOW
