"""JSON patch (RFC 6902) with JSON pointers (RFC 6901)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from proa.cluster.apiserver.patch.merge import copied
from proa.errors import BadRequest, Invalid, RequestEntityTooLarge
from proa.kube.resources import Object

MAX_OPERATIONS = 10_000


class _Failed(Exception):
    """An operation cannot be carried out; the text says why."""


def apply_json_patch(document: Object, operations: Any) -> Object:
    """Apply all operations in order.

    Raises BadRequest for a patch of the wrong shape, RequestEntityTooLarge for more than
    10,000 operations, and Invalid when an operation fails (`test` included).
    """
    if not isinstance(operations, list):
        raise BadRequest("a JSON patch must be a list of operations")
    if len(operations) > MAX_OPERATIONS:
        raise RequestEntityTooLarge(
            f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(operations)}"
        )
    result: Any = copied(document)
    for index, operation in enumerate(operations):
        handler = _handler(index, operation)
        try:
            result = handler(result, operation)
        except _Failed as error:
            raise Invalid(f"JSON patch operation {index} ({operation['op']}): {error}") from None
    if not isinstance(result, dict):
        raise Invalid("the JSON patch does not leave an object")
    return result


_INDEX = re.compile("0|[1-9][0-9]{0,8}")
_Handler = Callable[[Any, dict[str, Any]], Any]
_NEEDS = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from"}


def _handler(index: int, operation: Any) -> _Handler:
    if not isinstance(operation, dict) or operation.get("op") not in _HANDLERS:
        raise Invalid(f"JSON patch operation {index} is none of {', '.join(_HANDLERS)}")
    pointers = [operation.get("path"), operation.get("from", "")]
    if not all(isinstance(p, str) and (p == "" or p.startswith("/")) for p in pointers):
        raise Invalid(f"JSON patch operation {index} needs JSON pointers in path and from")
    need = _NEEDS.get(operation["op"])
    if need and need not in operation:
        raise Invalid(f"JSON patch operation {index} ({operation['op']}) lacks {need!r}")
    return _HANDLERS[operation["op"]]


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _index(container: list[Any], step: str, limit: int) -> int:
    plain = _INDEX.fullmatch(step) is not None
    if not plain or int(step) > limit:
        raise _Failed(f"{step!r} is no index into a list of {len(container)}")
    return int(step)


def _child(container: Any, step: str) -> Any:
    if isinstance(container, dict) and step in container:
        return container[step]
    if isinstance(container, list):
        return container[_index(container, step, len(container) - 1)]
    raise _Failed(f"there is no {step!r}")


def _lookup(document: Any, pointer: str) -> Any:
    for step in _steps(pointer):
        document = _child(document, step)
    return document


def _parent(document: Any, pointer: str) -> tuple[Any, str]:
    head, _, _ = pointer.rpartition("/")
    return _lookup(document, head), _steps(pointer)[-1]


def _insert(document: Any, pointer: str, value: Any) -> Any:
    if pointer == "":
        return value
    container, step = _parent(document, pointer)
    if isinstance(container, dict):
        container[step] = value
    elif isinstance(container, list):
        position = len(container) if step == "-" else _index(container, step, len(container))
        container.insert(position, value)
    else:
        raise _Failed(f"{pointer!r} lies in a plain value")
    return document


def _delete(document: Any, pointer: str) -> Any:
    if pointer == "":
        raise _Failed("the whole object cannot be removed")
    container, step = _parent(document, pointer)
    _child(container, step)
    if isinstance(container, list):
        del container[int(step)]
    else:
        del container[step]
    return document


def _add(document: Any, operation: dict[str, Any]) -> Any:
    return _insert(document, operation["path"], copied(operation["value"]))


def _remove(document: Any, operation: dict[str, Any]) -> Any:
    return _delete(document, operation["path"])


def _replace(document: Any, operation: dict[str, Any]) -> Any:
    pointer, value = operation["path"], copied(operation["value"])
    if pointer == "":
        return value
    container, step = _parent(document, pointer)
    if isinstance(container, list):
        container[_index(container, step, len(container) - 1)] = value
    elif isinstance(container, dict):
        container[step] = value  # upstream's library adds what is not there
    else:
        raise _Failed(f"{pointer!r} lies in a plain value")
    return document


def _move(document: Any, operation: dict[str, Any]) -> Any:
    source, target = operation["from"], operation["path"]
    if target.startswith(source + "/"):
        raise _Failed(f"{source!r} cannot move into itself")
    value = _lookup(document, source)
    return document if source == target else _insert(_delete(document, source), target, value)


def _copy(document: Any, operation: dict[str, Any]) -> Any:
    return _insert(document, operation["path"], copied(_lookup(document, operation["from"])))


def _test(document: Any, operation: dict[str, Any]) -> Any:
    path = operation["path"]
    if not _same(_lookup(document, path), operation["value"]):
        raise _Failed(f"the value at {path!r} is another one")
    return document


def _same(left: Any, right: Any) -> bool:
    """JSON equality: unlike Python's, true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)


_HANDLERS: dict[str, _Handler] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
