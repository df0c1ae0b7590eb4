"""ResourceQuota: no write may bring a namespace above what its quotas allow, however many run at once.

What is used follows from the objects in the store at the moment of the decision, and from the writes that
were allowed and have not ended; so nothing is counted twice, and nothing that was allowed is forgotten.
Source: apiserver pkg/admission/plugin/resourcequota; kubernetes.io, resource quotas.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from proa.cluster.apiserver.admission.refusals import forbidden
from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.admission.tally import Tallies
from proa.cluster.apiserver.target import object_key
from proa.cluster.apiserver.view import View
from proa.cluster.quota.amounts import ZERO, Amount, amounts
from proa.cluster.quota.pod_resources import has_own
from proa.cluster.quota.scopes import in_scopes, is_terminating
from proa.cluster.quota.usage import container_names, limiting, usage
from proa.kube.resources import Object

_MUST_BE_SAID = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
_CHANGING = frozenset({"persistentvolumeclaims", "services"})
"""Kinds of which an update may use more."""


class QuotaAdmission:
    """A final step of admission: it reserves, and nothing after it refuses."""

    def __init__(self, view: View) -> None:
        self._tallies = Tallies(view)

    def admit(self, request: Request, view: View) -> None:
        """Raises Forbidden when a quota would be exceeded or demands what the pod leaves open."""
        namespace = request.target.namespace
        if not namespace or not _is_counted(request):
            return
        for quota in self._tallies.quotas(namespace):
            self._check(quota, request, view)

    def _check(self, quota: Object, request: Request, view: View) -> None:
        resource, hard = request.target.resource, quota["spec"].get("hard") or {}
        names = limiting(resource, hard)
        if not names or not in_scopes(quota, resource, request.obj):
            return
        if request.target.qualified == "pods":
            _demand(quota, names, request)
        wanted = {
            name: each for name, each in _needed(quota, request).items() if name in names and each.milli
        }
        if not wanted:
            return
        used = self._tallies.used(quota, resource)
        over = [
            n for n, each in sorted(wanted.items()) if used[n].milli + each.milli > amounts(hard)[n].milli
        ]
        if over:
            parts = [_printed(over, each) for each in (wanted, used, amounts(hard))]
            about = f"exceeded quota: {quota['metadata']['name']}"
            raise forbidden(request, f"{about}, requested: {parts[0]}, used: {parts[1]}, limited: {parts[2]}")
        key = object_key(resource, request.name, request.target.namespace)
        entry = view.store.get(key)
        release = self._tallies.reserve(quota, resource, key, entry.revision if entry else 0, wanted)
        request.ended.append(release)


def _is_counted(request: Request) -> bool:
    target, operation = request.target, request.operation
    if target.subresource == "resize":
        return operation == "UPDATE" and target.qualified == "pods"
    if target.subresource:
        return False
    if operation == "UPDATE" and target.qualified == "pods":
        return is_terminating(request.obj) != is_terminating(request.old or request.obj)
    return operation == "CREATE" or (operation == "UPDATE" and target.qualified in _CHANGING)


def _needed(quota: Object, request: Request) -> dict[str, Amount]:
    """What the write adds: for an update what it uses beyond before, if the quota was about it before."""
    resource, now = request.target.resource, dt.datetime.now(dt.UTC)
    new = usage(resource, request.obj, now)
    if request.old is None or not in_scopes(quota, resource, request.old):
        return new
    old = usage(resource, request.old, now)
    return {
        name: Amount(max(0, each.milli - old.get(name, ZERO).milli), each.binary)
        for name, each in new.items()
    }


def _demand(quota: Object, names: Iterable[str], request: Request) -> None:
    """A pod must say of itself or of every container what a quota limits."""
    spec = request.obj["spec"]
    wanted = _MUST_BE_SAID & set(names)
    if not wanted or has_own(spec):
        return
    lacking: dict[str, set[str]] = {}
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        for name in wanted - container_names(container):
            lacking.setdefault(name, set()).add(container["name"])
    if lacking:
        told = "; ".join(f"{name} for: {','.join(sorted(lacking[name]))}" for name in sorted(lacking))
        raise forbidden(request, f"failed quota: {quota['metadata']['name']}: must specify {told}")


def _printed(names: Iterable[str], each: Mapping[str, Amount]) -> str:
    return ",".join(f"{name}={each[name]}" for name in sorted(names))
