"""pods/eviction: a delete that the pod's disruption budget must allow.

Source: registry/core/pod/storage/eviction.go; policy/v1 Eviction, PodDisruptionBudget.
"""

from __future__ import annotations

from dataclasses import replace

from proa.cluster.apiserver import codec, metadata
from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.options import DeleteOptions, WriteOptions
from proa.cluster.apiserver.registry import Registry
from proa.cluster.apiserver.subresources import Post
from proa.cluster.apiserver.target import Target, key_prefix
from proa.cluster.apiserver.updating import keep_owners, modify
from proa.cluster.apiserver.view import View
from proa.errors import BadRequest, InternalError, NotFound, TooManyRequests
from proa.kube.meta import is_deleting, labels_of, with_condition
from proa.kube.resources import PODS, Object, Resource
from proa.kube.selectors import label_selector

BUDGETS = Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
_MOST_DISRUPTED = 2000
_RETRY_SECONDS = 10
_TARGET, _WHY = "DisruptionTarget", ("EvictionByEvictionAPI", "Eviction API: evicting")
_SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
_VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget."


class Evictor:
    """Deletes pods on behalf of who drains a node."""

    def __init__(self, registry: Registry, view: View) -> None:
        self._registry = registry
        self._view = view

    async def create(self, post: Post) -> Object:
        """Delete the pod gracefully, by the eviction's own delete options.

        Raises BadRequest for another pod's name, NotFound, Conflict, and TooManyRequests when a budget
        does not allow it now.
        """
        target = replace(post.target, subresource="")
        name = (post.body.get("metadata") or {}).get("name")
        if name and name != target.name:
            raise BadRequest("name in URL does not match name in Eviction object")
        wishes = DeleteOptions.parse({}, post.body.get("deleteOptions"))
        wishes = replace(wishes, dry_run=wishes.dry_run or post.options.dry_run)
        pod = self._view.get(PODS, target.name, target.namespace)
        if pod is None:
            raise target.not_found()
        if not _goes_anyway(pod):
            await self._ask_budget(post, pod, dry_run=wishes.dry_run)
        if not wishes.dry_run:
            wishes = await self._mark(post, target, wishes)
        await self._registry.delete(target, post.user, wishes)
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

    async def _mark(self, post: Post, target: Target, wishes: DeleteOptions) -> DeleteOptions:
        """Say in the pod's status why it goes; the wishes for the pod as it is then."""

        def mark(pod: Object) -> Object:
            _check_preconditions(pod, target, wishes)
            status = pod.setdefault("status", {})
            status["conditions"] = with_condition(status.get("conditions") or [], _TARGET, True, *_WHY)
            return pod

        about, options = replace(target, subresource="eviction"), WriteOptions()
        entry = await modify(self._registry.backend, about, post.user, mark, options, keep_owners)
        if not wishes.resource_version:
            return wishes
        return replace(wishes, resource_version=codec.decode(entry)["metadata"]["resourceVersion"])

    async def _ask_budget(self, post: Post, pod: Object, *, dry_run: bool) -> None:
        budgets = self._budgets_of(pod)
        if len(budgets) > 1:
            raise InternalError(_SEVERAL)
        if not budgets:
            return
        (budget,) = budgets
        if not _is_ready(pod) and _lets_unready_go(budget):
            return
        check_budget(budget)
        await self._count(post, budget, pod["metadata"]["name"], dry_run=dry_run)

    def _budgets_of(self, pod: Object) -> list[Object]:
        prefix = key_prefix(BUDGETS, pod["metadata"]["namespace"])
        entries = self._view.store.range(prefix).entries
        budgets = [codec.decode(entry) for entry in entries]
        return [budget for budget in budgets if _selects(budget, pod)]

    async def _count(self, post: Post, budget: Object, pod_name: str, *, dry_run: bool) -> None:
        """Take one of the disruptions that the budget allows; the controller counts again later."""
        kind = KINDS.find(BUDGETS.group, BUDGETS.version, BUDGETS.plural)
        assert kind is not None
        fields = budget["metadata"]
        target = Target(kind, fields["namespace"], fields["name"], "eviction")

        def take(current: Object) -> Object:
            check_budget(current)
            status = current["status"]
            status["disruptionsAllowed"] -= 1
            status["disruptedPods"] = {**(status.get("disruptedPods") or {}), pod_name: metadata.now()}
            return current

        await modify(
            self._registry.backend, target, post.user, take, WriteOptions(dry_run=dry_run), keep_owners
        )


def _check_preconditions(pod: Object, target: Target, wishes: DeleteOptions) -> None:
    """Raises Conflict when the eviction is about another pod, or another version of it."""
    about = pod["metadata"]
    for field, wanted, found, what in (
        ("UID", wishes.uid, about["uid"], "deleted and then recreated"),
        ("ResourceVersion", wishes.resource_version, about["resourceVersion"], "modified"),
    ):
        if wanted and wanted != found:
            differs = f"the {field} in the precondition ({wanted}) does not match the {field} in record"
            raise target.conflict(f"{differs} ({found}). The object might have been {what}")


def _goes_anyway(pod: Object) -> bool:
    """Whether nothing is lost with a pod: it is over, pending, or being deleted."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Succeeded", "Failed", "Pending") or is_deleting(pod)


def _selects(budget: Object, pod: Object) -> bool:
    selector = (budget.get("spec") or {}).get("selector")
    compiled = label_selector(selector)
    return compiled is not None and compiled.matches(labels_of(pod))


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _lets_unready_go(budget: Object) -> bool:
    """Whether pods that are not ready are nobody's loss, always or while enough others are healthy."""
    status = budget.get("status") or {}
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    healthy, desired = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
    return bool(healthy >= desired > 0)


def check_budget(budget: Object) -> None:
    """Raises TooManyRequests when a budget allows no disruption now."""
    status, fields = budget.get("status") or {}, budget["metadata"]
    if status.get("observedGeneration", 0) < fields.get("generation", 0):
        why = f"The disruption budget {fields['name']} is still being processed by the server."
        raise _refusal(_VIOLATION, why, retry=_RETRY_SECONDS)
    allowed = status.get("disruptionsAllowed", 0)
    if allowed < 0:
        raise NotFound(f"pdb disruptions allowed is negative: {fields['name']}")
    if len(status.get("disruptedPods") or {}) > _MOST_DISRUPTED:
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise _refusal(_VIOLATION, why)
    if allowed == 0:
        needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        why = f"needs {needs} healthy pods and has {has} currently"
        if has > needs:
            why = "does not allow evicting pods currently"
        raise _refusal(_VIOLATION, f"The disruption budget {fields['name']} {why}")


def _refusal(message: str, why: str, retry: int | None = None) -> TooManyRequests:
    cause = {"reason": "DisruptionBudget", "message": why}
    details: Object = {"causes": [cause]}
    return TooManyRequests(message, details | ({"retryAfterSeconds": retry} if retry else {}))
