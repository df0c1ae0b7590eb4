"""Comparing an object with its schema: unknown fields, wrong types, missing fields."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from proa.cluster.apiserver.schema.field_error import FieldError, required
from proa.cluster.apiserver.schema.node import Node
from proa.cluster.apiserver.schema.quantity import NAME as QUANTITY
from proa.kube.resources import Object

_BASE64 = re.compile(r"[A-Za-z0-9+/\r\n]*")
_INTEGER_BITS = {"int32": 31, "int64": 63}
_NOT_DEMANDED = frozenset({"status", "managedFields"})
"""Fields below which a server takes what it gets: missing values are zero values there."""

_EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1"
MAY_LACK = {
    "io.k8s.api.discovery.v1.EndpointSlice": {"endpoints"},
    "io.k8s.api.rbac.v1.Role": {"rules"},
    "io.k8s.api.storage.v1.CSINodeSpec": {"drivers"},
    "io.k8s.api.rbac.v1.ClusterRole": {"rules"},
    "io.k8s.api.rbac.v1.RoleRef": {"apiGroup"},
    "io.k8s.api.core.v1.Event": {"metadata"},
    "io.k8s.apimachinery.pkg.apis.meta.v1.GroupResource": {"group", "resource"},
    "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference": {"apiVersion", "kind", "name", "uid"},
    "io.k8s.api.admissionregistration.v1.MutatingWebhook": {
        "admissionReviewVersions",
        "clientConfig",
        "name",
        "sideEffects",
    },
    "io.k8s.api.admissionregistration.v1.ValidatingWebhook": {
        "admissionReviewVersions",
        "clientConfig",
        "name",
        "sideEffects",
    },
    f"{_EXTENSIONS}.CustomResourceColumnDefinition": {"name", "type", "jsonPath"},
    f"{_EXTENSIONS}.CustomResourceSubresourceScale": {"specReplicasPath", "statusReplicasPath"},
    f"{_EXTENSIONS}.SelectableField": {"jsonPath"},
    "io.k8s.api.certificates.v1.PodCertificateRequestSpec": {
        "podName",
        "podUID",
        "serviceAccountName",
        "serviceAccountUID",
        "nodeName",
        "nodeUID",
        "stubPKCS10Request",
    },
    "io.k8s.api.core.v1.PodAffinityTerm": {"topologyKey"},
    "io.k8s.api.core.v1.TopologySpreadConstraint": {"topologyKey"},
}
"""Fields that are published as required although a server takes objects without, or says more."""

_LOOKED_INTO = frozenset({"spec", "template"})
"""When these are missing, what they lack is reported instead."""


@dataclass
class Findings:
    """What a schema has to say about an object.

    `unknown` holds texts as `unknown field "spec.foo"`; `malformed` the first value of a
    wrong type, worded as a decoder words it (a server answers it with 400), or nothing;
    `errors` the missing fields (422).
    """

    unknown: list[str] = field(default_factory=list)
    errors: list[FieldError] = field(default_factory=list)
    malformed: str = ""


@dataclass(frozen=True)
class _Place:
    """Where the walk is: the path with indices, and the one without, as decoders print it."""

    path: str = ""
    stack: str = ""
    struct: str = ""
    demanding: bool = True

    def field(self, name: str, struct: str) -> _Place:
        path = f"{self.path}.{name}" if self.path else name
        stack = f"{self.stack}.{name}" if self.stack else name
        return _Place(path, stack, struct, self.demanding and name not in _NOT_DEMANDED)

    def entry(self, key: str) -> _Place:
        return _Place(f"{self.path}[{key}]", self.stack, self.struct, self.demanding)


def check(root: Node, kind: str, obj: Object, settled: Collection[str] = ()) -> Findings:
    """All findings about an object of a kind whose schema is `root`.

    Fields at the top that are `settled` are known to be right.
    """
    findings = Findings()
    _Checker(findings, settled).visit(root, obj, _Place())
    if findings.malformed:
        version = obj.get("apiVersion", "").rpartition("/")[2]
        findings.malformed = (
            f'{kind} in version "{version}" cannot be handled as a {kind}: {findings.malformed}'
        )
    return findings


class _Checker:
    def __init__(self, findings: Findings, settled: Collection[str]) -> None:
        self._findings = findings
        self._settled = settled
        self._visitors: dict[str, Callable[[Node, Any, _Place], None]] = {
            "object": self._object,
            "array": self._array,
        }

    def visit(self, node: Node, value: Any, place: _Place) -> None:
        """Check one value, and what is below it."""
        if value is None or (node.open and not node.type):
            return
        if not _fits(node, value):
            self._mismatch(node, value, place)
        elif node.written is not None:
            self._malformed(_unwritable(node.written, value))
        elif node.type in self._visitors and not node.open:
            self._visitors[node.type](node, value, place)

    def _object(self, node: Node, value: dict[str, Any], place: _Place) -> None:
        is_map = node.values is not None
        for name, item in value.items():
            if name in self._settled and not place.path:
                continue
            child = node.field(name)
            if child is not None and child.plain is item.__class__:
                continue
            below = place.entry(name) if is_map else place.field(name, node.name.rpartition(".")[2])
            if child is None:
                self._findings.unknown.append(f'unknown field "{below.path}"')
            else:
                self.visit(child, item, below)
        if place.demanding:
            self._demand(node, value, place)

    def _demand(self, node: Node, value: dict[str, Any], place: _Place) -> None:
        for name in node.required:
            missing = value.get(name) is None or value[name] == ""
            child, below = node.field(name), place.field(name, "")
            if missing and child is not None and name in _LOOKED_INTO:
                self._demand(child, {}, below)
            elif missing and name not in MAY_LACK.get(node.name, ()):
                self._findings.errors.append(required(below.path))

    def _array(self, node: Node, value: list[Any], place: _Place) -> None:
        if node.items is not None:
            for index, element in enumerate(value):
                self.visit(node.items, element, place.entry(str(index)))

    def _mismatch(self, node: Node, value: Any, place: _Place) -> None:
        if node.format == "byte" and isinstance(value, str):
            self._malformed(f"illegal base64 data at input byte {_first_illegal(value)}")
        self._malformed(
            f"json: cannot unmarshal {_json_type(value)} into Go struct field "
            f"{place.struct}.{place.stack} of type {_go_type(node)}"
        )

    def _malformed(self, message: str) -> None:
        self._findings.malformed = self._findings.malformed or message


def _fits(node: Node, value: Any) -> bool:
    if node.alternatives:
        return any(_is(option, value) for option in node.alternatives)
    if not _is(node.type, value):
        return False
    if node.format == "byte":
        return _is_base64(value)
    bits = _INTEGER_BITS.get(node.format)
    return bits is None or -(1 << bits) <= value < 1 << bits


def _is(type_: str, value: Any) -> bool:
    if type_ in ("integer", "number"):
        whole = isinstance(value, int) or (
            isinstance(value, float) and (type_ == "number" or value.is_integer())
        )
        return whole and not isinstance(value, bool)
    return isinstance(value, _PYTHON[type_])


_PYTHON: dict[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool, "": object}


def _unwritable(written: Callable[[Any], Any], value: Any) -> str:
    """Why a value is no quantity or time; empty when it is one."""
    try:
        written(value)
    except ValueError as error:
        return str(error)
    return ""


def _is_base64(text: str) -> bool:
    try:
        binascii.a2b_base64(text.replace("\n", "").replace("\r", ""), strict_mode=True)
    except binascii.Error:
        return False
    return True


def _first_illegal(text: str) -> int:
    """Where a decoder of base64 stops."""
    match = _BASE64.match(text)
    return match.end() if match else 0


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {value}" if isinstance(value, float) else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _go_type(node: Node) -> str:
    """The type as a Go program prints it; structs as `v1.PodSpec`."""
    if node.written is not None and node.name != QUANTITY:
        return "string"
    if node.name:
        return ".".join(node.name.split(".")[-2:])
    if node.type == "array":
        return "[]" + (_go_type(node.items) if node.items else "")
    if node.type == "object":
        return "map[string]" + (_go_type(node.values) if node.values else "")
    if node.format == "byte":
        return "[]uint8"
    return {"integer": node.format or "int64", "number": "float64", "boolean": "bool"}.get(
        node.type, "string"
    )
