"""OpenAPI v2 as the protobuf message in which Go clients read it. Pure.

Source: gnostic-models, openapiv2/OpenAPIv2.proto: numbers of the fields that our documents have.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from proa.cluster.protobuf.wire import FIXED64, LENGTH_DELIMITED, VARINT, encode_key, encode_varint

Encoder = Callable[[int, Any], bytes]

_DEFINITIONS, _PATHS = 9, 8


def block(number: int, content: bytes) -> bytes:
    """A field that holds a message."""
    return encode_key(number, LENGTH_DELIMITED) + encode_varint(len(content)) + content


def text(number: int, value: str) -> bytes:
    """A field that holds a text."""
    return block(number, value.encode())


def named_schema(name: str, schema: Mapping[str, Any]) -> bytes:
    """An entry of Definitions."""
    return _named(1, name, _schema_content(schema))


def named_path(name: str, item: Mapping[str, Any]) -> bytes:
    """An entry of Paths."""
    return _named(2, name, _path_item(item))


def document(head: Mapping[str, Any], paths: Iterable[bytes], definitions: Iterable[bytes]) -> bytes:
    """The whole Document of `head` (swagger, info, security, securityDefinitions) and encoded entries."""
    info = head["info"]
    schemes = b"".join(
        _named(1, name, block(2, _key(key))) for name, key in head["securityDefinitions"].items()
    )
    security = b"".join(
        block(12, b"".join(_named(1, name, _texts(1, scopes)) for name, scopes in needed.items()))
        for needed in head["security"]
    )
    return b"".join(
        (
            text(1, head["swagger"]),
            block(2, text(1, info["title"]) + text(2, info["version"])),
            block(_PATHS, b"".join(paths)),
            block(_DEFINITIONS, b"".join(definitions)),
            security,
            block(13, schemes),
        )
    )


def _key(key: Mapping[str, str]) -> bytes:
    return text(1, key["type"]) + text(2, key["name"]) + text(3, key["in"]) + text(4, key["description"])


def _named(number: int, name: str, value: bytes) -> bytes:
    return block(number, text(1, name) + block(2, value))


def _texts(number: int, values: Iterable[str]) -> bytes:
    return b"".join(text(number, value) for value in values)


def _any_content(value: Any) -> bytes:
    return block(2, msgspec.json.encode(value) + b"\n")  # JSON is YAML


def _any(number: int, value: Any) -> bytes:
    return block(number, _any_content(value))


def _anys(number: int, values: Iterable[Any]) -> bytes:
    return b"".join(_any(number, value) for value in values)


def _integer(number: int, value: int) -> bytes:
    return encode_key(number, VARINT) + encode_varint(int(value))


def _double(number: int, value: float) -> bytes:
    return encode_key(number, FIXED64) + struct.pack("<d", value)


def _schema(number: int, value: Mapping[str, Any]) -> bytes:
    return block(number, _schema_content(value))


def _additional(number: int, value: Any) -> bytes:
    return block(number, _schema(1, value) if isinstance(value, Mapping) else _integer(2, value))


def _type(number: int, value: str) -> bytes:
    return block(number, text(1, value))


def _items(number: int, value: Mapping[str, Any]) -> bytes:
    return block(number, _schema(1, value))


def _properties(number: int, value: Mapping[str, Any]) -> bytes:
    return block(number, b"".join(named_schema(name, child) for name, child in value.items()))


_SCHEMA: Mapping[str, tuple[int, Encoder]] = {
    "$ref": (1, text),
    "format": (2, text),
    "title": (3, text),
    "description": (4, text),
    "default": (5, _any),
    "multipleOf": (6, _double),
    "maximum": (7, _double),
    "exclusiveMaximum": (8, _integer),
    "minimum": (9, _double),
    "exclusiveMinimum": (10, _integer),
    "maxLength": (11, _integer),
    "minLength": (12, _integer),
    "pattern": (13, text),
    "maxItems": (14, _integer),
    "minItems": (15, _integer),
    "uniqueItems": (16, _integer),
    "maxProperties": (17, _integer),
    "minProperties": (18, _integer),
    "required": (19, _texts),
    "enum": (20, _anys),
    "additionalProperties": (21, _additional),
    "type": (22, _type),
    "items": (23, _items),
    "properties": (25, _properties),
    "example": (30, _any),
}
_SCHEMA_EXTENSIONS, _OPERATION_EXTENSIONS = 31, 13

_METHODS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}
_QUERY = {"required": 1, "in": 2, "name": 4, "type": 6, "uniqueItems": 20}
_PATH = {"required": 1, "in": 2, "name": 4, "type": 5, "uniqueItems": 19}


def _schema_content(schema: Mapping[str, Any]) -> bytes:
    known = (_SCHEMA[name][1](_SCHEMA[name][0], value) for name, value in schema.items() if name in _SCHEMA)
    return b"".join(known) + _extensions(_SCHEMA_EXTENSIONS, schema)


def _extensions(number: int, of: Mapping[str, Any]) -> bytes:
    return b"".join(_named(number, name, _any_content(of[name])) for name in of if name.startswith("x-"))


def _path_item(item: Mapping[str, Any]) -> bytes:
    operations = (block(number, _operation(item[name])) for name, number in _METHODS.items() if name in item)
    return b"".join(operations) + b"".join(block(9, _parameter(one)) for one in item["parameters"])


def _operation(operation: Mapping[str, Any]) -> bytes:
    answers = (
        _named(1, code, block(1, _response(answer))) for code, answer in operation["responses"].items()
    )
    return b"".join(
        (
            _texts(6, operation["produces"]),
            _texts(7, operation["consumes"]),
            *(block(8, _parameter(one)) for one in operation["parameters"]),
            block(9, b"".join(answers)),
            _texts(10, operation["schemes"]),
            _extensions(_OPERATION_EXTENSIONS, operation),
        )
    )


def _response(response: Mapping[str, Any]) -> bytes:
    described = text(1, response["description"])
    return described + (block(2, _schema(1, response["schema"])) if "schema" in response else b"")


def _parameter(parameter: Mapping[str, Any]) -> bytes:
    """A ParametersItem's content: a Parameter that is a BodyParameter, or a query or path parameter."""
    if parameter["in"] == "body":
        required = _integer(4, 1) if parameter.get("required") else b""
        content = text(2, parameter["name"]) + text(3, "body") + required + _schema(5, parameter["schema"])
        return block(1, block(1, content))
    kind, numbers = (4, _PATH) if parameter["in"] == "path" else (3, _QUERY)
    content = b"".join(
        text(numbers[name], value) if isinstance(value, str) else _integer(numbers[name], value)
        for name, value in parameter.items()
    )
    return block(1, block(2, block(kind, content)))
