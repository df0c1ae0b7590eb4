"""LimitRanger: what pods and claims of a namespace get by default, and between what bounds they stay.

Source: kubernetes.io, limit ranges; kubernetes plugin/pkg/admission/limitranger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proa.cluster.apiserver.admission.refusals import forbidden
from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.admission.steps import about, about_new
from proa.cluster.apiserver.view import View
from proa.cluster.quota.amounts import Amount, Amounts, amount, amounts
from proa.cluster.quota.pod_resources import pod_amounts
from proa.kube.resources import LIMIT_RANGES, Object

_ANNOTATION = "kubernetes.io/limit-ranger"
_RATIO_SCALE = 1000


@about_new("pods")
def admit_defaults(request: Request, view: View) -> None:
    """Fill in what containers of a new pod leave open, and note it on the pod."""
    for limit_range in _limit_ranges(request, view):
        _fill(request.obj, limit_range["spec"].get("limits") or ())


def _limit_ranges(request: Request, view: View) -> Sequence[Object]:
    """Those of the request's namespace, by name."""
    return view.derived(LIMIT_RANGES, _by_namespace).get(request.target.namespace, ())


def _by_namespace(limit_ranges: Sequence[Object]) -> Mapping[str, Sequence[Object]]:
    found: dict[str, list[Object]] = {}
    for limit_range in limit_ranges:
        found.setdefault(limit_range["metadata"]["namespace"], []).append(limit_range)
    return found


def _fill(pod: Object, limits: Any) -> None:
    requests: dict[str, str] = {}
    most: dict[str, str] = {}
    for limit in limits:
        if limit["type"] == "Container":
            requests |= limit.get("defaultRequest") or {}
            most |= limit.get("default") or {}
    notes = [
        note
        for holder, what in (("containers", "container"), ("initContainers", "init container"))
        for container in pod["spec"].get(holder) or ()
        for note in _fill_container(container, what, requests, most)
    ]
    if notes:
        annotations = pod["metadata"].get("annotations") or {}
        text = f"LimitRanger plugin set: {'; '.join(notes)}"
        pod["metadata"]["annotations"] = annotations | {_ANNOTATION: text}


def _fill_container(
    container: Object, what: str, requests: Mapping[str, str], limits: Mapping[str, str]
) -> Iterator[str]:
    """The notes of what was set."""
    for name, word, defaults in (("requests", "request", requests), ("limits", "limit", limits)):
        given = (container.get("resources") or {}).get(name) or {}
        missing = {key: value for key, value in defaults.items() if key not in given}
        if missing:
            container.setdefault("resources", {})[name] = given | missing
            yield f"{', '.join(sorted(missing))} {word} for {what} {container['name']}"


@about("pods", "persistentvolumeclaims")
def admit_bounds(request: Request, view: View) -> None:
    """Raises Forbidden for a pod or claim beyond the bounds of a LimitRange."""
    if not _is_bounded(request):
        return
    problems = _claim_problems if request.target.qualified == "persistentvolumeclaims" else _pod_problems
    for limit_range in _limit_ranges(request, view):
        found = dict.fromkeys(
            problem
            for limit in limit_range["spec"].get("limits") or ()
            for problem in problems(limit, request.obj["spec"])
        )
        if found:
            raise forbidden(request, next(iter(found)) if len(found) == 1 else f"[{', '.join(found)}]")


def _is_bounded(request: Request) -> bool:
    kind, subresource = request.target.qualified, request.target.subresource
    if kind == "pods":
        return request.creates("pods") or (subresource == "resize" and request.operation == "UPDATE")
    return kind == "persistentvolumeclaims" and not subresource and request.operation in ("CREATE", "UPDATE")


def _pod_problems(limit: Object, spec: Object) -> Iterator[str]:
    if limit["type"] == "Pod":
        yield from _problems(limit, pod_amounts(spec, "requests"), pod_amounts(spec, "limits"))
    elif limit["type"] == "Container":
        for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
            resources = container.get("resources") or {}
            yield from _problems(limit, amounts(resources.get("requests")), amounts(resources.get("limits")))


def _claim_problems(limit: Object, spec: Object) -> Iterator[str]:
    if limit["type"] != "PersistentVolumeClaim":
        return
    asked = amounts((spec.get("resources") or {}).get("requests"))
    for name, text in (limit.get("min") or {}).items():
        yield from _below(limit["type"], name, amount(text), asked, {})
    for name, text in (limit.get("max") or {}).items():
        about, bound, given = f"maximum {name} usage per {limit['type']} is", amount(text), asked.get(name)
        if given is None:
            yield f"{about} {bound}.  No request is specified"
        elif given.milli > bound.milli:
            yield f"{about} {bound}, but request is {given}"


def _problems(limit: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, text in (limit.get("min") or {}).items():
        yield from _below(limit["type"], name, amount(text), requests, limits)
    for name, text in (limit.get("max") or {}).items():
        yield from _above(limit["type"], name, amount(text), requests, limits)
    for name, text in (limit.get("maxLimitRequestRatio") or {}).items():
        yield from _apart(limit["type"], name, amount(text), requests, limits)


def _below(kind: str, name: str, bound: Amount, requests: Amounts, limits: Amounts) -> Iterator[str]:
    about, request, limit = (
        f"minimum {name} usage per {kind} is {bound}",
        requests.get(name),
        limits.get(name),
    )
    if request is None:
        yield f"{about}.  No request is specified"
    elif request.milli < bound.milli:
        yield f"{about}, but request is {request}"
    elif limit is not None and limit.milli < bound.milli:
        yield f"{about}, but limit is {limit}"


def _above(kind: str, name: str, bound: Amount, requests: Amounts, limits: Amounts) -> Iterator[str]:
    about, request, limit = (
        f"maximum {name} usage per {kind} is {bound}",
        requests.get(name),
        limits.get(name),
    )
    if limit is None:
        yield f"{about}.  No limit is specified"
    elif limit.milli > bound.milli:
        yield f"{about}, but limit is {limit}"
    elif request is not None and request.milli > bound.milli:
        yield f"{about}, but request is {request}"


def _apart(kind: str, name: str, bound: Amount, requests: Amounts, limits: Amounts) -> Iterator[str]:
    about = f"{name} max limit to request ratio per {kind} is {bound}"
    request, limit = requests.get(name), limits.get(name)
    if request is None or not request.milli:
        yield f"{about}, but no request is specified or request is 0"
    elif limit is None or not limit.milli:
        yield f"{about}, but no limit is specified or limit is 0"
    elif limit.milli / request.milli * _RATIO_SCALE > bound.milli:
        yield f"{about}, but provided ratio is {limit.milli / request.milli:f}"
