"""RuntimeClass: a pod of a class has its overhead, and goes where nodes have that runtime.

Source: kubernetes plugin/pkg/admission/runtimeclass.
"""

from __future__ import annotations

from proa.cluster.apiserver.admission.refusals import forbidden
from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.admission.steps import about_new
from proa.cluster.apiserver.view import View
from proa.cluster.quota.amounts import amounts
from proa.kube.resources import RUNTIME_CLASSES, Object


@about_new("pods")
def admit(request: Request, view: View) -> None:
    """Give a new pod what its class says. Raises Forbidden for what contradicts the class."""
    spec = request.obj["spec"]
    name = spec.get("runtimeClassName")
    found = view.get(RUNTIME_CLASSES, name) if name else None
    if name and found is None:
        raise forbidden(request, f'pod rejected: RuntimeClass "{name}" not found')
    overhead = ((found or {}).get("overhead") or {}).get("podFixed") or {}
    _give_overhead(request, spec, overhead)
    _give_scheduling(request, spec, (found or {}).get("scheduling") or {})


def _give_overhead(request: Request, spec: Object, overhead: Object) -> None:
    given = spec.get("overhead")
    if given and not overhead:
        why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
        raise forbidden(request, why)
    if given and amounts(given) != amounts(overhead):
        raise forbidden(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
    if overhead:
        spec["overhead"] = overhead


def _give_scheduling(request: Request, spec: Object, scheduling: Object) -> None:
    selector = dict(spec.get("nodeSelector") or {})
    for key, value in (scheduling.get("nodeSelector") or {}).items():
        if selector.setdefault(key, value) != value:
            theirs, ours = f"runtimeClass.scheduling.nodeSelector[{key}]", f"pod.spec.nodeSelector[{key}]"
            raise forbidden(request, f"conflict: {theirs} = {value}; {ours} = {selector[key]}")
    if selector:
        spec["nodeSelector"] = selector
    tolerations = spec.get("tolerations") or []
    more = [each for each in scheduling.get("tolerations") or () if each not in tolerations]
    if more:
        spec["tolerations"] = [*tolerations, *more]
