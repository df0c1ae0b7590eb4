"""NamespaceLifecycle: nothing is made in a namespace that is missing or ends; some namespaces stay."""

from __future__ import annotations

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.admission.steps import about_new
from proa.cluster.apiserver.view import View
from proa.errors import Forbidden, NotFound
from proa.kube.meta import is_deleting
from proa.kube.resources import NAMESPACES

_IMMORTAL = frozenset({"default", "kube-system", "kube-public"})
_ASKED_ANYWHERE = "localsubjectaccessreviews.authorization.k8s.io"


def admit(request: Request, view: View) -> None:
    """Raises NotFound or Forbidden."""
    if request.operation == "DELETE":
        _keep_immortal(request)
    elif request.operation == "CREATE" and request.target.namespace:
        _check_alive(request, view)


def _keep_immortal(request: Request) -> None:
    target = request.target
    if target.resource == NAMESPACES and target.name in _IMMORTAL:
        raise Forbidden(
            f'namespaces "{target.name}" is forbidden: this namespace may not be deleted', target.details()
        )


@about_new("namespaces")
def complete(request: Request, _view: View) -> None:
    """Label a new namespace with its name, and let it be emptied before it goes."""
    metadata = request.obj["metadata"]
    if metadata.get("name"):
        metadata["labels"] = {
            **(metadata.get("labels") or {}),
            "kubernetes.io/metadata.name": metadata["name"],
        }
    spec = request.obj.setdefault("spec", {})
    spec.setdefault("finalizers", ["kubernetes"])


def _check_alive(request: Request, view: View) -> None:
    name = request.target.namespace
    if request.target.qualified == _ASKED_ANYWHERE:
        return
    namespace = view.peek(NAMESPACES, name)
    if namespace is None:
        raise NotFound(f'namespaces "{name}" not found', {"name": name, "kind": "namespaces"})
    if not is_deleting(namespace):
        return
    about = request.target.of(request.name)
    why = f"unable to create new content in namespace {name} because it is being terminated"
    cause = {"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated"}
    details = {**about.details(), "causes": [{**cause, "field": "metadata.namespace"}]}
    raise Forbidden(f'{about.qualified} "{about.name}" is forbidden: {why}', details)
