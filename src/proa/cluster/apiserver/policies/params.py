"""The parameters of a binding.

Source: apiserver, pkg/admission/plugin/policy/generic; the words of errors are upstream's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proa.cluster.apiserver.kinds.registry import Registry
from proa.cluster.apiserver.view import View
from proa.errors import ProaError
from proa.kube.resources import Object, Resource
from proa.kube.selectors import Selector, label_selector


class ParamsError(ProaError):
    """The parameters cannot be found as the binding says."""


def collect(
    kind: Mapping[str, str] | None,
    reference: Mapping[str, Any] | None,
    namespace: str,
    kinds: Registry,
    view: View,
) -> list[Object | None]:
    """The objects to evaluate a policy with; [None] where there are no parameters. Raises ParamsError."""
    if not kind or not reference:
        return [None]
    served = kinds.by_kind(kind["apiVersion"], kind["kind"])
    if served is None:
        known = f"{kind['apiVersion']}, Kind={kind['kind']}"
        raise ParamsError(f"paramKind kind `{known}` not known")
    where = _namespace(served.resource, reference, namespace)
    found = _find(served.resource, reference, where, view)
    if not found and reference.get("parameterNotFoundAction") == "Deny":
        raise ParamsError("no params found for policy binding with `Deny` parameterNotFoundAction")
    return list(found)


def _namespace(resource: Resource, reference: Mapping[str, Any], namespace: str) -> str:
    given = reference.get("namespace") or ""
    if not resource.namespaced:
        if given:
            raise ParamsError("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        return ""
    if not given and not namespace:
        raise ParamsError(
            "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
        )
    return given or namespace


def _find(resource: Resource, reference: Mapping[str, Any], namespace: str, view: View) -> list[Object]:
    if name := reference.get("name"):
        found = view.get(resource, name, namespace)
        return [found] if found else []
    selector = label_selector(reference.get("selector")) or Selector()
    return [
        candidate
        for candidate in view.list(resource, namespace)
        if selector.matches(candidate["metadata"].get("labels") or {})
    ]
