"""HorizontalPodAutoscaler: the replicas of a workload follow what its pods use, every 15 seconds.

Source: kubernetes pkg/controller/podautoscaler/horizontal.go.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from proa.cluster.controllers import hpa_behavior
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.hpa_behavior import Memory
from proa.cluster.controllers.hpa_metrics import MetricsReader
from proa.cluster.controllers.hpa_proposals import Proposals, Unknown, Workload, tolerance_of
from proa.cluster.controllers.hpa_samples import MetricsError
from proa.cluster.controllers.hpa_status import Status
from proa.cluster.controllers.scale_targets import ScaleTargets
from proa.errors import ApiError, Conflict, NotFound
from proa.kube import (
    PODS,
    Client,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Resource,
    Result,
    Source,
    key_of,
    labels_of,
)
from proa.kube.selectors import Selector, parse_label_selector

_log = logging.getLogger(__name__)

AUTOSCALERS = Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
_BY_NAMESPACE = "namespace"
_ATTEMPTS = 5
_ABOVE = "Current number of replicas above Spec.MaxReplicas"
_BELOW = "Current number of replicas below Spec.MinReplicas"


class Autoscalers:
    """Reconciles HorizontalPodAutoscalers."""

    def __init__(self, manager: Manager, config: ControllersConfig) -> None:
        self._client = manager.client
        self._config = config
        self._events = EventRecorder(manager.client, "horizontal-pod-autoscaler")
        self._targets = ScaleTargets(manager.client)
        self._proposals = Proposals(MetricsReader(config.read_metrics, self._targets.qualified))
        self.autoscalers, self._pods = manager.informer(AUTOSCALERS), manager.informer(PODS)
        self._pods.add_index(_BY_NAMESPACE, lambda pod: (pod["metadata"]["namespace"],))
        self._memories: dict[str, Memory] = {}
        self._selectors: dict[str, Selector] = {}
        self._generations: dict[str, int] = {}

    def changed(self, autoscaler: Object) -> Iterable[str]:
        """Its key, but not for what we write ourselves into its status."""
        key, generation = key_of(autoscaler), autoscaler["metadata"].get("generation", 0)
        if self._generations.get(key) != generation or self.autoscalers.get(key) is None:
            yield key

    async def reconcile(self, key: str) -> Result | None:
        """Look at the metrics, scale, and say why."""
        autoscaler = self.autoscalers.get(key)
        if autoscaler is None:
            for known in (self._memories, self._selectors, self._generations):
                known.pop(key, None)
            return None
        self._generations[key] = autoscaler["metadata"].get("generation", 0)
        status = Status(autoscaler)
        try:
            await self._follow(key, autoscaler, status)
        except MetricsError as error:
            _log.info("autoscaler %s: %s", key, error)
        finally:
            await self._write(autoscaler, status)
        return Result(self._config.horizontal_pod_autoscaler_sync_period)

    async def _follow(self, key: str, autoscaler: Object, status: Status) -> None:
        resource, scale = await self._scale_of(autoscaler, status)
        status.current = current = int((scale.get("spec") or {}).get("replicas") or 0)
        memory = self._memories.setdefault(
            key, Memory(self._config.horizontal_pod_autoscaler_downscale_stabilization)
        )
        if not memory.recommendations:
            memory.recommendations.append((time.monotonic(), current))
        spec = autoscaler["spec"]
        least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
        if current == 0 and not status.may_wake(least):
            message = "scaling is disabled since the replica count of the target is zero"
            status.set("ScalingActive", False, "ScalingDisabled", message)
            status.desired = 0
            return
        if current > most or 0 < current < least:
            wanted, why = (most, _ABOVE) if current > most else (least, _BELOW)
        else:
            wanted, why = await self._wanted(key, autoscaler, scale, status, memory)
        if wanted != current:
            await self._rescale(autoscaler, resource, scale, wanted, why, status)
            memory.scaled(time.monotonic(), current, wanted, spec.get("behavior"))
        status.desired = wanted

    async def _scale_of(self, autoscaler: Object, status: Status) -> tuple[Resource, Object]:
        """The Scale of the target. Raises MetricsError after saying so."""
        reference, namespace = autoscaler["spec"]["scaleTargetRef"], autoscaler["metadata"]["namespace"]
        try:
            resource = await self._targets.find(reference.get("apiVersion") or "v1", reference["kind"])
            scale = await self._client.get(resource, reference["name"], namespace, subresource="scale")
        except ApiError as error:
            await self._events.event(autoscaler, "Warning", "FailedGetScale", error.message)
            text = f"the HPA controller was unable to get the target's current scale: {error.message}"
            status.set("AbleToScale", False, "FailedGetScale", text)
            raise MetricsError(f"failed to query scale subresource: {error}") from error
        status.observed = autoscaler["metadata"].get("generation")
        message = "the HPA controller was able to get the target's current scale"
        status.set("AbleToScale", True, "SucceededGetScale", message)
        return resource, scale

    async def _wanted(
        self, key: str, autoscaler: Object, scale: Object, status: Status, memory: Memory
    ) -> tuple[int, str]:
        """The number of replicas, and why; it is noted in the conditions. Raises MetricsError."""
        spec, current = autoscaler["spec"], status.current
        recommended, metric = await self._recommended(key, autoscaler, scale, status)
        least, behavior = spec.get("minReplicas", 1), spec.get("behavior")
        bounds = (least, spec["maxReplicas"])
        outcome = hpa_behavior.settle(memory, time.monotonic(), current, recommended, bounds, behavior)
        status.set("AbleToScale", True, outcome.able.reason, outcome.able.message)
        status.set("ScalingLimited", outcome.is_limited, outcome.limited.reason, outcome.limited.message)
        why = f"{metric} above target" if recommended > current else "All metrics below target"
        if current == 0 and outcome.replicas < least:
            return least, _BELOW
        return outcome.replicas, why

    async def _recommended(
        self, key: str, autoscaler: Object, scale: Object, status: Status
    ) -> tuple[int, str]:
        """The most that any metric asks for; while one is unknown, nothing is taken away."""
        workload = await self._workload(key, autoscaler, scale, status)
        tolerance = tolerance_of(autoscaler, self._config.horizontal_pod_autoscaler_tolerance)
        metrics, unknown = autoscaler["spec"].get("metrics") or [], []
        best, words = 0, ""
        for metric in metrics:
            try:
                proposed = await self._proposals.of(metric, workload, tolerance)
            except Unknown as error:
                unknown.append(error)
                await self._events.event(autoscaler, "Warning", error.reason, error.cause)
                status.metrics.append({"type": ""})
                continue
            status.metrics.append(proposed.status)
            if not best or proposed.replicas > best:
                best, words = proposed.replicas, proposed.metric
        if unknown and (len(unknown) == len(metrics) or best < workload.wanted):
            await self._refuse(autoscaler, status, unknown, len(metrics))
        message = f"the HPA was able to successfully calculate a replica count from {words}"
        status.set("ScalingActive", True, "ValidMetricFound", message)
        return best, words

    async def _refuse(self, autoscaler: Object, status: Status, unknown: list[Unknown], count: int) -> None:
        first = unknown[0]
        text = f"the HPA was unable to compute the replica count: {first.cause}"
        status.set("ScalingActive", False, first.reason, text)
        message = f"invalid metrics ({len(unknown)} invalid out of {count}), first error is: {first}"
        await self._events.event(autoscaler, "Warning", "FailedComputeMetricsReplicas", message)
        raise MetricsError(message)

    async def _workload(self, key: str, autoscaler: Object, scale: Object, status: Status) -> Workload:
        """The pods of the target. Raises MetricsError unless they are this autoscaler's alone."""
        namespace, text = autoscaler["metadata"]["namespace"], (scale.get("status") or {}).get("selector", "")
        if not text:
            message = "the HPA target's scale is missing a selector"
            await self._invalid(autoscaler, status, "SelectorRequired", "selector is required", message)
        try:
            selector = self._selectors[key] = parse_label_selector(text)
        except ValueError as error:
            message = f"couldn't convert selector into a corresponding internal selector object: {error}"
            await self._invalid(autoscaler, status, "InvalidSelector", message, message)
        every = self._pods.by_index(_BY_NAMESPACE, namespace)
        pods = [pod for pod in every if selector.matches(labels_of(pod))]
        rivals = self._rivals(namespace, pods)
        if len(rivals) > 1:
            shown = " ".join(rivals[:2])
            message = f"pods by selector {text} are controlled by more than one HPA (e.g. [{shown}])"
            await self._invalid(autoscaler, status, "AmbiguousSelector", message, message)
        present = int((scale.get("status") or {}).get("replicas") or 0)
        return Workload(namespace, status.current, present, text, pods)

    def _rivals(self, namespace: str, pods: list[Object]) -> list[str]:
        """The autoscalers of the namespace that select any of the pods."""
        mine = [(key, s) for key, s in self._selectors.items() if key.startswith(f"{namespace}/")]
        return sorted(key for key, s in mine if any(s.matches(labels_of(pod)) for pod in pods))

    async def _invalid(self, autoscaler: Object, status: Status, event: str, text: str, message: str) -> None:
        reason = "AmbiguousSelector" if event == "AmbiguousSelector" else "InvalidSelector"
        await self._events.event(autoscaler, "Warning", event, text)
        status.set("ScalingActive", False, reason, message)
        await self._events.event(autoscaler, "Warning", "FailedComputeMetricsReplicas", text)
        raise MetricsError(text)

    async def _rescale(
        self, autoscaler: Object, resource: Resource, scale: Object, wanted: int, why: str, status: Status
    ) -> None:
        """Set the replicas. Raises MetricsError after saying so."""
        try:
            await _set_replicas(self._client, resource, scale, wanted)
        except ApiError as error:
            text = f"New size: {wanted}; reason: {why}; error: {error.message}"
            await self._events.event(autoscaler, "Warning", "FailedRescale", text)
            message = f"the HPA controller was unable to update the target scale: {error.message}"
            status.set("AbleToScale", False, "FailedUpdateScale", message)
            raise MetricsError(f"failed to rescale: {error}") from error
        message = f"the HPA controller was able to update the target scale to {wanted}"
        status.set("AbleToScale", True, "SucceededRescale", message)
        await self._events.event(
            autoscaler, "Normal", "SuccessfulRescale", f"New size: {wanted}; reason: {why}"
        )
        status.rescaled(wanted)

    async def _write(self, autoscaler: Object, status: Status) -> None:
        wanted = status.to_object()
        if wanted == autoscaler.get("status"):
            return
        try:
            await self._client.update(AUTOSCALERS, autoscaler | {"status": wanted}, subresource="status")
        except NotFound:
            return


async def _set_replicas(client: Client, resource: Resource, scale: Object, wanted: int) -> None:
    """Update the Scale, again when somebody else has changed the workload meanwhile."""
    metadata = scale["metadata"]
    path = {"name": metadata["name"], "namespace": metadata.get("namespace", "")}
    for _ in range(_ATTEMPTS):
        try:
            await client.update(
                resource, scale | {"spec": {**scale.get("spec", {}), "replicas": wanted}}, subresource="scale"
            )
        except Conflict:
            scale = await client.get(resource, **path, subresource="scale")
        else:
            return
    raise Conflict(f"{resource.plural} {metadata['name']} changes all the time")


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run with the manager."""
    reconciler = Autoscalers(manager, config)
    sources = [Source(reconciler.autoscalers, reconciler.changed)]
    manager.add(Controller("horizontal-pod-autoscaler", reconciler, sources=sources, workers=5))
