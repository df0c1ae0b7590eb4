"""PodDisruptionBudget: keeps count of how many pods may be evicted (source: policy/v1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from proa.cluster.controllers import disruption_budget
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.kinds import by_kind
from proa.cluster.controllers.workload_kinds import DEPLOYMENTS, POD_DISRUPTION_BUDGETS, REPLICA_SETS
from proa.errors import ApiError, NotFound
from proa.kube import (
    PODS,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Result,
    Source,
    controller_of,
    key_of,
    labels_of,
)
from proa.kube.selectors import label_selector

_BY_NAMESPACE = "namespace"
_UNMANAGED = (
    "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the"
    " status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account"
    ' for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
)


class DisruptionBudgets:
    """Reconciles PodDisruptionBudgets."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self._events = EventRecorder(manager.client, "controllermanager")
        self.budgets, self.pods = manager.informer(POD_DISRUPTION_BUDGETS), manager.informer(PODS)
        self.owners = [manager.informer(DEPLOYMENTS), manager.informer(REPLICA_SETS)]
        for informer in (self.budgets, self.pods):
            informer.add_index(_BY_NAMESPACE, _namespace)

    async def reconcile(self, key: str) -> Result | None:
        """Write the budget's status; come again when an eviction has had its time."""
        budget = self.budgets.get(key)
        if budget is None:
            return None
        pods, now = self._pods_of(budget), dt.datetime.now(dt.UTC)
        if not pods:
            await self._events.event(budget, "Normal", "NoPods", "No matching pods found")
        leaving, late = disruption_budget.disrupted(budget, pods, now)
        for pod in late:
            text = f"Pod was expected by PDB {key} to be deleted but it wasn't"
            await self._events.event(pod, "Warning", "NotDeleted", text)
        try:
            scale = await self._scale(budget, pods) if disruption_budget.needs_scale(budget) else 0
        except ApiError as fault:
            text = f"Failed to calculate the number of expected pods: {fault}"
            await self._events.event(budget, "Warning", "CalculateExpectedPodCountFailed", text)
            await self._write(budget, disruption_budget.failed_status(budget, str(fault)))
            raise
        wanted = disruption_budget.numbers(budget, len(pods), scale)
        await self._write(budget, disruption_budget.status(budget, pods, wanted, leaving))
        return Result(disruption_budget.DISRUPTION_TIMEOUT) if leaving else None

    def keys_of_pod(self, pod: Object) -> Iterable[str]:
        """Budgets that select the pod."""
        found = self.budgets.by_index(_BY_NAMESPACE, pod["metadata"]["namespace"])
        return [key_of(budget) for budget in found if _selects(budget, pod)]

    def keys_of_owner(self, owner: Object) -> Iterable[str]:
        """Budgets in the owner's namespace: it may want another number of pods."""
        return map(key_of, self.budgets.by_index(_BY_NAMESPACE, owner["metadata"]["namespace"]))

    def _pods_of(self, budget: Object) -> list[Object]:
        found = self.pods.by_index(_BY_NAMESPACE, budget["metadata"]["namespace"])
        return [pod for pod in found if _selects(budget, pod)]

    async def _scale(self, budget: Object, pods: Iterable[Object]) -> int:
        """How many pods the owners of these want together. Raises ApiError when one has no scale."""
        namespace = budget["metadata"]["namespace"]
        owners, unmanaged = {}, False
        for pod in pods:
            if (reference := controller_of(pod)) is None:
                unmanaged = True
            else:
                owners[reference["uid"]] = reference
        if unmanaged:
            text = _UNMANAGED.format(_printed(budget["spec"].get("selector") or {}))
            await self._events.event(budget, "Warning", "UnmanagedPods", text)
        sizes = {}
        for reference in owners.values():
            uid, size = await self._size(reference, namespace)
            sizes[uid] = size
        return sum(sizes.values())

    async def _size(self, reference: Object, namespace: str) -> tuple[str, int]:
        """Who scales the pods, a Deployment where a ReplicaSet has one, and to what number."""
        if reference["kind"] == REPLICA_SETS.kind:
            one = self.owners[1].get(f"{namespace}/{reference['name']}")
            above = controller_of(one) if one is not None else None
            if above is not None and above["kind"] == DEPLOYMENTS.kind:
                reference = above
        group = reference["apiVersion"].rpartition("/")[0]
        resource = by_kind().get((group, reference["kind"]))
        if resource is None:
            raise NotFound(
                f"no controller of kind {reference['kind']} in {reference['apiVersion']} is served"
            )
        scale = await self._client.get(resource, reference["name"], namespace, subresource="scale")
        return reference["uid"], int(scale["spec"].get("replicas", 0))

    async def _write(self, budget: Object, status: Object) -> None:
        if status != budget.get("status"):
            await self._client.update(
                POD_DISRUPTION_BUDGETS, budget | {"status": status}, subresource="status"
            )


def _selects(budget: Object, pod: Object) -> bool:
    selector = label_selector(budget["spec"].get("selector"))
    return selector is not None and selector.matches(labels_of(pod))


def _namespace(obj: Object) -> tuple[str, ...]:
    return (obj["metadata"]["namespace"],)


def _printed(selector: Object) -> str:
    """A selector as upstream prints it in events."""
    labels = "".join(f"{k}: {v}," for k, v in sorted((selector.get("matchLabels") or {}).items()))
    terms = "".join(
        f"LabelSelectorRequirement{{Key:{term['key']},Operator:{term['operator']},"
        f"Values:[{' '.join(term.get('values') or ())}],}},"
        for term in selector.get("matchExpressions") or ()
    )
    return (
        f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},"
        f"MatchExpressions:[]LabelSelectorRequirement{{{terms}}},}}"
    )


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    reconciler = DisruptionBudgets(manager)
    sources = [Source(reconciler.budgets), Source(reconciler.pods, reconciler.keys_of_pod)]
    sources += [Source(informer, reconciler.keys_of_owner) for informer in reconciler.owners]
    manager.add(Controller("disruption", reconciler, sources=sources))
