"""Requests that a server's own OpenAPI documents allow, and some that they almost allow, by hypothesis.

Documents are OpenAPI v3 by path under /openapi/v3. Most values have the type that the schema says, some
have another, so that requests reach the rules behind the schema as well as the schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

Document = Mapping[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

_NAMES = st.sampled_from(["a", "b", "default", "a-b.c", "A B", "é", "..", "x" * 300, "0", "a/b"])
_TEXT = st.one_of(_NAMES, st.text(max_size=12), st.sampled_from(["10", "1Gi", "100%", "*", "Always", "v1"]))
_TIMES = st.sampled_from(
    ["2026-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0000-01-01T00:00:00Z", "now"]
)
_NUMBER = st.one_of(st.integers(-3, 70000), st.sampled_from([2**31, 2**63 - 1, -(2**63), 0.5]))
_JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBER, _TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_TEXT, inner, max_size=2)),
    max_leaves=4,
)
_QUERY = st.one_of(
    _TEXT, st.sampled_from(["true", "1", "All", "Strict", "a=b", "a in (b)", "metadata.name=a"])
)
_PATCHES = ("json-patch+json", "merge-patch+json", "strategic-merge-patch+json", "apply-patch+yaml")
_OPERATIONS = st.sampled_from(["add", "remove", "replace", "move", "copy", "test"])
_POINTERS = st.sampled_from(
    ["", "/", "/metadata/labels/a", "/spec", "/spec/a~1b", "/metadata/finalizers/-", "/x/9"]
)
_METHODS = ("get", "head", "post", "put", "patch", "delete")
_DEPTH = 7


@dataclass(frozen=True)
class Request:
    """One request; `body` is empty for none."""

    method: str
    path: str
    kind: str
    body: bytes

    def encode(self) -> bytes:
        """The request on the wire."""
        head = f"{self.method.upper()} {self.path} HTTP/1.1\r\nHost: x\r\nContent-Type: {self.kind}\r\n"
        return head.encode() + b"Content-Length: %d\r\n\r\n" % len(self.body) + self.body


@st.composite
def requests(draw: Draw, documents: Sequence[Document]) -> Request:
    """Any method on any path of the documents."""
    document = draw(st.sampled_from(documents))
    path = draw(st.sampled_from(sorted(document["paths"])))
    item = document["paths"][path]
    method = draw(st.sampled_from([name for name in _METHODS if name in item] or ["get"]))
    kind, body = _body(draw, document, item, method)
    return Request(method, _path(draw, path, item, method), kind, body)


def _path(draw: Draw, path: str, item: Mapping[str, Any], method: str) -> str:
    parameters = [*item.get("parameters", ()), *item.get(method, {}).get("parameters", ())]
    query = {}
    for parameter in parameters:
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(draw(_NAMES), safe=""))
        elif draw(st.integers(0, 5)) == 0:
            query[parameter["name"]] = draw(_QUERY)
    return f"{path}?{urlencode(query)}" if query else path


def _body(draw: Draw, document: Document, item: Mapping[str, Any], method: str) -> tuple[str, bytes]:
    if method in ("get", "head"):
        return "application/json", b""
    value = _value(draw, document, _schema_of(item), 0)
    if method != "patch":
        return "application/json", json.dumps(value).encode() if draw(st.integers(0, 9)) else b""
    kind = draw(st.sampled_from(_PATCHES))
    if kind == "json-patch+json":
        operation = {
            "op": draw(_OPERATIONS),
            "path": draw(_POINTERS),
            "from": draw(_POINTERS),
            "value": draw(_JUNK),
        }
        value = [operation]
    return f"application/{kind}", json.dumps(value).encode()


def _schema_of(item: Mapping[str, Any]) -> Document:
    """The schema of what the path holds: that of the first answer or body which names one."""
    for method in ("post", "put", "get"):
        operation = item.get(method, {})
        for place in (operation.get("requestBody", {}), *operation.get("responses", {}).values()):
            for media in place.get("content", {}).values():
                if "$ref" in media.get("schema", {}):
                    return dict(media["schema"])
    return {}


def _value(draw: Draw, document: Document, schema: Document, depth: int) -> Any:
    """A value of a schema, or of another type once in a while."""
    while reference := schema.get("$ref") or (schema.get("allOf") or [{}])[0].get("$ref"):
        schema = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
    if depth > _DEPTH or draw(st.integers(0, 79)) == 0:
        return draw(_JUNK)
    if "properties" in schema:
        return _object(draw, document, schema, depth)
    match schema.get("type"):
        case "object":
            inner = schema.get("additionalProperties") or {}
            return {
                draw(_TEXT): _value(draw, document, inner, depth + 1) for _ in range(draw(st.integers(0, 2)))
            }
        case "array":
            inner = schema.get("items") or {}
            return [_value(draw, document, inner, depth + 1) for _ in range(draw(st.integers(0, 2)))]
        case "string":
            return draw(_TIMES if schema.get("format") == "date-time" else _TEXT)
        case "integer" | "number":
            return draw(_NUMBER)
        case "boolean":
            return draw(st.booleans())
    return draw(_JUNK)


def _object(draw: Draw, document: Document, schema: Document, depth: int) -> dict[str, Any]:
    """What is required, and some of the rest."""
    if depth == 1 and "managedFields" in schema["properties"] and draw(st.integers(0, 3)):
        return {"name": draw(_NAMES), "labels": {draw(_TEXT): draw(_TEXT)}}
    required = set(schema.get("required", ())) | ({"metadata", "spec"} if depth == 0 else set())
    chance = st.integers(0, 2 + depth)
    return {
        name: draw(_NAMES) if name == "name" else _value(draw, document, inner, depth + 1)
        for name, inner in schema["properties"].items()
        if name in required or (name not in ("apiVersion", "kind") and draw(chance) == 0)
    }
