"""The status of an autoscaler as one pass makes it. Pure but for the clock."""

from __future__ import annotations

from proa.kube import Object, now


class Status:
    """Begins as the last pass left it."""

    def __init__(self, autoscaler: Object) -> None:
        old = autoscaler.get("status") or {}
        self._spec = autoscaler["spec"]
        self._conditions = [dict(condition) for condition in old.get("conditions") or ()]
        self._last_scale = old.get("lastScaleTime")
        self.observed = old.get("observedGeneration")
        self.current = int(old.get("currentReplicas") or 0)
        self.desired = int(old.get("desiredReplicas") or 0)
        self.metrics: list[Object] = []

    def set(self, kind: str, holds: bool, reason: str, message: str) -> None:
        """Set a condition; the transition time moves only when its status does."""
        word = "True" if holds else "False"
        condition = next((c for c in self._conditions if c["type"] == kind), None)
        if condition is None:
            condition = {"type": kind}
            self._conditions.append(condition)
        if condition.get("status") != word:
            condition["lastTransitionTime"] = now()
        condition |= {"status": word, "reason": reason, "message": message}

    def may_wake(self, least: int) -> bool:
        """Whether a workload without replicas is ours to wake: we, not a person, set it to 0."""
        asleep = any(c["type"] == "ScaledToZero" and c["status"] == "True" for c in self._conditions)
        return asleep and (least != 0 or self._has_outside_metrics())

    def rescaled(self, replicas: int) -> None:
        """The target was scaled just now."""
        self._last_scale = now()
        slept = self.current > 0 and replicas == 0 and self._has_outside_metrics()
        if slept:
            message = "the HPA controller scaled the workload to zero"
            self.set("ScaledToZero", True, "ScaledToZero", message)
        else:
            message = "the HPA controller did not scale the workload to zero"
            self.set("ScaledToZero", False, "NotScaledToZero", message)

    def to_object(self) -> Object:
        """The status to write."""
        status: Object = {
            "observedGeneration": self.observed,
            "lastScaleTime": self._last_scale,
            "currentReplicas": self.current,
            "desiredReplicas": self.desired,
            "currentMetrics": self.metrics or None,
            "conditions": self._conditions or None,
        }
        kept = {name: value for name, value in status.items() if value is not None}
        return kept | ({} if self.metrics else {"currentMetrics": None})

    def _has_outside_metrics(self) -> bool:
        return any(metric["type"] in ("Object", "External") for metric in self._spec.get("metrics") or ())
