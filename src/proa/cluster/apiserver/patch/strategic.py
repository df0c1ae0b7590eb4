"""Strategic merge patch: a merge patch that knows which lists are keyed.

Source: kubernetes design proposal "preserve-order-in-strategic-merge-patch" and the
API concepts page; directives, all of which may stand in the patch only:

    $patch: replace | delete       in an object or a list element
    $setElementOrder/<list>        the order of a merged list
    $deleteFromPrimitiveList/<list>  scalars to remove
    $retainKeys                    the only keys that stay (unions)
"""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.patch.element_order import ordered
from proa.cluster.apiserver.schema.node import Node
from proa.errors import BadRequest
from proa.kube.resources import Object

DIRECTIVE = "$patch"
RETAIN = "$retainKeys"
ORDER = "$setElementOrder/"
DELETE = "$deleteFromPrimitiveList/"

_MISSING: Any = object()


def apply_strategic_patch(document: Object, patch: Any, schema: Node | None) -> Object:
    """Merge `patch` into `document` by the merge keys and strategies of the schema.

    Lists without a `merge` strategy, and all lists when no schema is known, are replaced. Neither argument
    is changed; the result shares with the document what the patch says nothing of.
    """
    if not isinstance(patch, dict):
        raise BadRequest("a strategic merge patch must be a JSON object")
    return _merge_map(document, patch, schema)


def _merge_map(original: Object, patch: Object, node: Node | None) -> Object:
    directive = patch.get(DIRECTIVE)
    if directive == "replace":
        return _cleaned({key: value for key, value in patch.items() if key != DIRECTIVE})  # type: ignore[no-any-return]
    if directive == "delete":
        return {}
    if directive is not None:
        raise BadRequest(f"unknown {DIRECTIVE} type: {directive!r}")
    result = _retained(original, patch)
    for name in _field_names(patch):
        merged = _merge_field(result.get(name, _MISSING), patch, name, node.field(name) if node else None)
        if merged is _MISSING:
            result.pop(name, None)
        else:
            result[name] = merged
    return result


def _field_names(patch: Object) -> list[str]:
    """The fields that a patch speaks about, by value or by directive."""
    names = (key.removeprefix(ORDER).removeprefix(DELETE) for key in patch)
    return [name for name in dict.fromkeys(names) if name not in (RETAIN, DIRECTIVE)]


def _retained(original: Object, patch: Object) -> Object:
    if RETAIN not in patch:
        return dict(original)
    keys = _list(patch, RETAIN)
    for name in _field_names(patch):
        if patch.get(name) is not None and name not in keys:
            raise BadRequest(f"the patch sets {name!r}, which its {RETAIN} does not list")
    return {key: value for key, value in original.items() if key in keys}


def _merge_field(original: Any, patch: Object, name: str, node: Node | None) -> Any:
    value = patch.get(name, _MISSING)
    if value is None:
        return _MISSING
    merged = original if value is _MISSING else _merge_value(original, value, node)
    if isinstance(merged, list) and DELETE + name in patch:
        unwanted = _list(patch, DELETE + name)
        merged = [element for element in merged if element not in unwanted]
    if isinstance(merged, list) and ORDER + name in patch:
        server_order = original if isinstance(original, list) else []
        merged = ordered(merged, _order(patch, name, node), server_order, node.merge_key if node else "")
    return merged


def _merge_value(original: Any, value: Any, node: Node | None) -> Any:
    replace = node is not None and "replace" in node.patch_strategies
    if type(original) is not type(value) or replace:
        return _cleaned(value)
    if isinstance(value, dict):
        return _merge_map(original, value, node)
    if isinstance(value, list) and node is not None and "merge" in node.patch_strategies:
        return _merge_list(original, value, node)
    return _cleaned(value)


def _merge_list(original: list[Any], patch: list[Any], node: Node) -> list[Any]:
    elements = original + patch
    if not any(isinstance(element, dict | list) for element in elements):
        return ordered(_unique(elements), patch, original, "")
    if not all(isinstance(element, dict) for element in elements):
        raise BadRequest("a merged list must hold either objects or plain values")
    if not node.merge_key:
        raise BadRequest(f"cannot merge lists without merge key for {node.name or 'this field'}")
    return _merge_keyed(original, patch, node)


def _merge_keyed(original: list[Object], patch: list[Object], node: Node) -> list[Object]:
    key, plain = node.merge_key, [element for element in patch if DIRECTIVE not in element]
    directives = [element for element in patch if DIRECTIVE in element]
    for element in directives:
        if element[DIRECTIVE] not in ("delete", "replace"):
            raise BadRequest(f"unknown {DIRECTIVE} type in a list: {element[DIRECTIVE]!r}")
    if any(element[DIRECTIVE] == "replace" for element in directives):
        return [_cleaned(element) for element in plain]
    gone = [_key_of(element, key) for element in directives]
    merged = [element for element in original if _key_of(element, key) not in gone]
    kept = list(merged)
    for element in plain:
        _merge_element(merged, element, node)
    return ordered(merged, plain, kept, key)


def _merge_element(merged: list[Object], element: Object, node: Node) -> None:
    """Merge one patch element into the element of the same key, or append it."""
    wanted = _key_of(element, node.merge_key)
    for index, candidate in enumerate(merged):
        if _key_of(candidate, node.merge_key) == wanted:
            merged[index] = _merge_map(candidate, element, node.items)
            return
    merged.append(_cleaned(element))


def _key_of(element: Object, key: str) -> Any:
    if key not in element:
        raise BadRequest(f"map: {element!r} does not contain declared merge key: {key}")
    return _plain(element[key])


def _plain(identity: Any) -> Any:
    if isinstance(identity, dict | list):
        raise BadRequest(f"{identity!r} cannot identify an element of a list")
    return identity


def _order(patch: Object, name: str, node: Node | None) -> list[Any]:
    """The wanted order; every element that the patch sets must be in it, in that order."""
    order, key = _list(patch, ORDER + name), node.merge_key if node else ""
    wanted = [_identity(element, key) for element in order]
    position = 0
    for element in patch.get(name) or []:
        if isinstance(element, dict) and DIRECTIVE in element:
            continue
        try:
            position = wanted.index(_identity(element, key), position) + 1
        except ValueError:
            raise BadRequest(f"the order of the patch of {name!r} does not match its {ORDER}{name}") from None
    return order


def _identity(element: Any, key: str) -> Any:
    return _key_of(element, key) if key and isinstance(element, dict) else _plain(element)


def _list(patch: Object, key: str) -> list[Any]:
    value = patch[key]
    if not isinstance(value, list):
        raise BadRequest(f"{key} must be a list")
    return value


def _unique(elements: list[Any]) -> list[Any]:
    return list(dict.fromkeys(elements))


def _cleaned(value: Any) -> Any:
    """A copy of a new value, without its directives and nulls."""
    if isinstance(value, dict):
        return {k: _cleaned(v) for k, v in value.items() if v is not None and not _is_directive(k)}
    if isinstance(value, list):
        return [_cleaned(v) for v in value if not (isinstance(v, dict) and DIRECTIVE in v)]
    return value


def _is_directive(key: str) -> bool:
    return key in (DIRECTIVE, RETAIN) or key.startswith((ORDER, DELETE))
