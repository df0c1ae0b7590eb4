"""Access reviews: from what they ask to an action, and what is wrong with them.

Source: kubernetes pkg/apis/authorization/validation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proa.cluster.apiserver import names
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.schema import FieldError, invalid
from proa.cluster.apiserver.schema.field_error import forbidden, invalid_value, required, unsupported
from proa.cluster.apiserver.subresources import Post
from proa.errors import Invalid
from proa.kube.resources import Object
from proa.kube.selectors import parse_field_selector

_FIELDS = ("group", "resource", "subresource", "namespace", "name")
_ONE = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def action_of(spec: Object, *, somebody: bool = False, namespace: str | None = None) -> Action:
    """What is asked about; `namespace` is that of a local review. Raises Invalid."""
    if errors := list(_problems(spec, somebody=somebody, namespace=namespace)):
        raise refused(errors)
    if path := spec.get("nonResourceAttributes"):
        return Action(path.get("verb", ""), path=path.get("path", ""))
    about = spec["resourceAttributes"]
    fields = {name: about.get(name, "") for name in _FIELDS}
    return Action(about.get("verb", ""), fields=tuple(_equal(about.get("fieldSelector") or {})), **fields)


def refused(errors: list[FieldError]) -> Invalid:
    """422, without a kind and a name, as upstream answers here."""
    return invalid("", "authorization.k8s.io", "", errors)


def check_metadata(post: Post, *, local: bool) -> None:
    """A review is not stored, so it has no metadata. Raises Invalid."""
    allowed = {"namespace"} if local else set()
    given = {k: v for k, v in (post.body.get("metadata") or {}).items() if v and k not in allowed}
    if given:
        raise refused([invalid_value("metadata", given, "must be empty")])


def _problems(spec: Object, *, somebody: bool, namespace: str | None) -> Iterator[FieldError]:
    about, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if about is not None and path is not None:
        yield invalid_value("spec", _titled(path), _ONE)
    elif about is None and path is None:
        yield invalid_value("spec", None, _ONE)
    if somebody and not spec.get("user") and not spec.get("groups"):
        yield invalid_value("spec.user", "", "at least one of user or group must be specified")
    if namespace is not None and path is not None:
        yield invalid_value("spec.nonResourceAttributes", _titled(path), "disallowed on this kind of request")
    if about is not None:
        if namespace is not None and about.get("namespace", "") != namespace:
            given = about.get("namespace", "")
            yield invalid_value("spec.resourceAttributes.namespace", given, "must match metadata.namespace")
        for name in ("fieldSelector", "labelSelector"):
            if about.get(name) is not None:
                yield from _selector(f"spec.resourceAttributes.{name}", about[name], name == "labelSelector")


def _titled(path: Object) -> Object:
    """Attributes of a path, with the names that upstream prints."""
    return {"Path": path.get("path", ""), "Verb": path.get("verb", "")}


def _selector(field: str, selector: Object, labels: bool) -> Iterator[FieldError]:
    raw, requirements = selector.get("rawSelector"), selector.get("requirements")
    if raw and requirements:
        detail = "may not specified at the same time as requirements"
        yield invalid_value(f"{field}.rawSelector", raw, detail)
    if not raw and not requirements:
        detail = f"when {field} is specified, requirements or rawSelector is required"
        yield required(f"{field}.requirements", detail)
    for index, requirement in enumerate(requirements or ()):
        yield from _requirement(f"{field}.requirements[{index}]", requirement, labels)


def _requirement(field: str, requirement: Object, labels: bool) -> Iterator[FieldError]:
    key, operator, values = (requirement.get(name) for name in ("key", "operator", "values"))
    if operator in ("In", "NotIn") and not values:
        yield required(f"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    if operator in ("Exists", "DoesNotExist") and values:
        detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        yield forbidden(f"{field}.values", detail)
    if labels:
        yield from (invalid_value(f"{field}.key", key or "", p) for p in names.key_problems(key or ""))
    if operator not in _OPERATORS and not (labels and not key):
        yield unsupported(f"{field}.operator", operator or "", _OPERATORS)


def _equal(selector: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a field selector requires to be equal; a raw one that cannot be read requires nothing."""
    try:
        parsed = parse_field_selector(selector.get("rawSelector") or "").requirements
    except ValueError:
        parsed = ()
    yield from ((r.key, next(iter(r.values))) for r in parsed if r.operator == "In")
    for requirement in selector.get("requirements") or ():
        if requirement.get("operator") == "In" and len(requirement.get("values") or ()) == 1:
            yield requirement["key"], requirement["values"][0]
