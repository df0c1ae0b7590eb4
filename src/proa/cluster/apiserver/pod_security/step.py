"""PodSecurity: pods that break what their namespace enforces are refused; templates are warned about.

Source: pod-security-admission admission/admission.go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.admission import Request, about, annotate
from proa.cluster.apiserver.admission.refusals import forbidden
from proa.cluster.apiserver.pod_security.evaluation import told, violations
from proa.cluster.apiserver.pod_security.standard import (
    NO_DEMANDS,
    PREFIX,
    Demands,
    Standard,
    demands,
)
from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.target import object_key
from proa.cluster.apiserver.view import View
from proa.kube.meta import controller_of
from proa.kube.resources import NAMESPACES, PODS, Object

_IGNORED = frozenset({"exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"})
_TEMPLATES: dict[str, tuple[str, ...]] = {
    "podtemplates": ("template",),
    "replicationcontrollers": ("spec", "template"),
    "replicasets.apps": ("spec", "template"),
    "deployments.apps": ("spec", "template"),
    "daemonsets.apps": ("spec", "template"),
    "statefulsets.apps": ("spec", "template"),
    "jobs.batch": ("spec", "template"),
    "cronjobs.batch": ("spec", "jobTemplate", "spec", "template"),
}
_MOST_PODS = 3000


@about("pods", "namespaces", *_TEMPLATES)
def admit(request: Request, view: View) -> None:
    """Raises Forbidden for a pod, Invalid for labels of a namespace that make no sense."""
    if request.operation not in ("CREATE", "UPDATE"):
        return
    kind, subresource = request.target.qualified, request.target.subresource
    if kind == "pods" and subresource not in _IGNORED:
        _admit_pod(request, view)
    elif kind == "namespaces" and not subresource:
        _admit_namespace(request, view)
    elif not subresource:
        _admit_template(request, view)


def _demands_of(request: Request, view: View) -> Demands:
    entry = view.store.get(object_key(NAMESPACES, request.target.namespace))
    labels = codec.notes(entry).labels if entry else {}
    if not any(label.startswith(PREFIX) for label in labels):
        return NO_DEMANDS
    wanted, errors = demands(labels)
    if errors:
        annotate(f"{PREFIX}error", f"Failed to parse policy: {'; '.join(map(str, errors))}")
    return wanted


def _admit_pod(request: Request, view: View) -> None:
    wanted = _demands_of(request, view)
    if wanted.none or (request.operation == "UPDATE" and not _is_significant(request.obj, request.old or {})):
        return
    annotate(f"{PREFIX}enforce-policy", str(wanted.enforce))
    _audit(request.obj, wanted.audit)
    found = violations(request.obj, wanted.enforce)
    if found:
        raise forbidden(request, f'violates PodSecurity "{wanted.enforce}": {told(found)}')
    _warn(request, request.obj, wanted.warn)


def _is_significant(pod: Object, old: Object) -> bool:
    """Whether containers were added, or run another image."""
    return _images(pod) != _images(old)


def _images(pod: Object) -> list[tuple[str, str]]:
    spec = pod["spec"]
    kinds = ("initContainers", "containers", "ephemeralContainers")
    return [(c["name"], c.get("image", "")) for kind in kinds for c in spec.get(kind) or ()]


def _admit_template(request: Request, view: View) -> None:
    wanted = _demands_of(request, view)
    if wanted.none:
        return
    template: Object | None = request.obj
    for name in _TEMPLATES[request.target.qualified]:
        template = (template or {}).get(name)
    if not template:
        return
    pod = {"metadata": template.get("metadata") or {}, "spec": template.get("spec") or {}}
    _audit(pod, wanted.audit)
    _warn(request, pod, wanted.warn)


def _audit(pod: Object, standard: Standard) -> None:
    if found := violations(pod, standard):
        annotate(f"{PREFIX}audit-violations", f'would violate PodSecurity "{standard}": {told(found)}')


def _warn(request: Request, pod: Object, standard: Standard) -> None:
    if found := violations(pod, standard):
        request.warnings.append(f'would violate PodSecurity "{standard}": {told(found)}')


def _admit_namespace(request: Request, view: View) -> None:
    """Labels must make sense; a stricter level warns about the pods that are there."""
    new, errors = demands(request.obj["metadata"].get("labels") or {})
    before = (request.old or {}).get("metadata") or {}
    old, old_errors = demands(before.get("labels") or {})
    if errors and errors != old_errors:
        raise invalid("Namespace", "", request.name, errors)
    if request.operation == "UPDATE" and _is_stricter(new.enforce, old.enforce):
        request.warnings.extend(_told_of_pods(request.name, new.enforce, view))


def _is_stricter(new: Standard, old: Standard) -> bool:
    if new == old or new.level == "privileged":
        return False
    return new.minor != old.minor or new.strictness > old.strictness


def _told_of_pods(namespace: str, standard: Standard, view: View) -> Iterator[str]:
    """Warnings about the pods of a namespace that break a standard, one a way of breaking it."""
    pods = _one_of_each_first(view.list(PODS, namespace))
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for pod in pods[:_MOST_PODS]:
        if found := ", ".join(violation.reason for violation in violations(pod, standard)):
            name = pod["metadata"]["name"]
            first[found] = min(first.get(found, name), name)
            counts[found] += 1
    if len(pods) > _MOST_PODS:
        checked = f"the first {_MOST_PODS} of {len(pods)} existing pods"
        yield f"new PodSecurity enforce level only checked against {checked}"
    if counts:
        what = f'violate the new PodSecurity enforce level "{standard}"'
        yield f'existing pods in namespace "{namespace}" {what}'
    yield from sorted(f"{first[found]}{_others(count - 1)}: {found}" for found, count in counts.items())


def _others(count: int) -> str:
    return f" (and {count} other pod{'s' if count > 1 else ''})" if count else ""


def _one_of_each_first(pods: list[Object]) -> list[Object]:
    """Pods that nobody controls and one of every controller, then the others."""
    seen: set[str] = set()
    first: list[Object] = []
    others: list[Object] = []
    for pod in pods:
        owner = controller_of(pod)
        uid = owner["uid"] if owner else ""
        (others if uid and uid in seen else first).append(pod)
        seen.add(uid)
    return first + others
