"""What a definition is warned of although it is accepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proa.cluster.apiserver.admission import Request, about
from proa.cluster.apiserver.custom import formats
from proa.cluster.apiserver.custom.lifecycle import QUALIFIED
from proa.cluster.apiserver.view import View
from proa.kube.resources import Object


@about(QUALIFIED)
def warn(request: Request, _view: View) -> None:
    """Warn of what the schemas newly have: formats that mean nothing, sets of lists and objects."""
    if request.operation == "DELETE" or request.target.subresource:
        return
    known = set(_warnings(request.old)) if request.old else set()
    request.warnings.extend(w for w in dict.fromkeys(_warnings(request.obj)) if w not in known)


def _warnings(definition: Object) -> Iterator[str]:
    for version in (definition.get("spec") or {}).get("versions") or ():
        for schema in _schemas((version.get("schema") or {}).get("openAPIV3Schema") or {}):
            format_ = schema.get("format") or ""
            if format_ and not formats.is_known(schema.get("type") or "", format_):
                yield f'unrecognized format "{format_}"'
            type_ = (schema.get("items") or {}).get("type")
            if schema.get("x-kubernetes-list-type") == "set" and type_ in ("object", "array"):
                yield (
                    f'x-kubernetes-list-type: set for items of type "{type_}" is not supported by '
                    "server-side apply or CEL validation rules"
                )


def _schemas(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema and all within it."""
    yield schema
    children = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("not")]
    children += [schema.get("additionalProperties")]
    for name in ("allOf", "anyOf", "oneOf"):
        children += schema.get(name) or ()
    for child in children:
        if isinstance(child, Mapping):
            yield from _schemas(child)
