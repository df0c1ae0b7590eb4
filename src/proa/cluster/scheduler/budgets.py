"""Which pods their disruption budgets do not give up, if several went at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proa.cluster.scheduler.pod import PodInfo
from proa.kube import Object
from proa.kube.selectors import Selector, label_selector


class _Budget:
    """How many more pods may go; each that is asked for takes one off."""

    def __init__(self, budget: Object) -> None:
        status = budget.get("status") or {}
        self._namespace = budget["metadata"]["namespace"]
        self._selector: Selector | None = label_selector(budget["spec"].get("selector"))
        self._going = status.get("disruptedPods") or {}
        self._left = int(status.get("disruptionsAllowed") or 0)

    def gives_up(self, pod: PodInfo) -> bool:
        if not self._covers(pod) or pod.object["metadata"]["name"] in self._going:
            return True
        self._left -= 1
        return self._left >= 0

    def _covers(self, pod: PodInfo) -> bool:
        chosen = self._selector
        return bool(
            chosen
            and chosen.requirements
            and pod.labels
            and pod.namespace == self._namespace
            and chosen.matches(pod.labels)
        )


def guarded(pods: Iterable[PodInfo], budgets: Sequence[Object]) -> frozenset[str]:
    """The uids of those that a budget does not give up, when they go in this order."""
    counting = [_Budget(budget) for budget in budgets]
    return frozenset(pod.uid for pod in pods if not all(each.gives_up(pod) for each in counting))
