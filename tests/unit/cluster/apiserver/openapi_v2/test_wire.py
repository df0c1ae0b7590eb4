"""OpenAPI v2 in protobuf, beside what gnostic 0.7 makes of the same JSON."""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.openapi_v2 import wire
from proa.cluster.protobuf.wire import DecodeError, fields

DOCUMENT: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Kubernetes", "version": "unversioned"},
    "security": [{"BearerToken": []}],
    "securityDefinitions": {
        "BearerToken": {
            "type": "apiKey",
            "name": "authorization",
            "in": "header",
            "description": "A bearer token",
        }
    },
    "paths": {
        "/apis/example.com/v1/widgets/{name}": {
            "parameters": [
                {"name": "name", "in": "path", "type": "string", "uniqueItems": True, "required": True}
            ],
            "patch": {
                "consumes": ["application/merge-patch+json"],
                "produces": ["application/json"],
                "schemes": ["https"],
                "parameters": [
                    {
                        "name": "body",
                        "in": "body",
                        "schema": {"$ref": "#/definitions/Widget"},
                        "required": True,
                    },
                    {"name": "dryRun", "in": "query", "type": "string", "uniqueItems": True},
                ],
                "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Widget"}}},
                "x-order": 3,
            },
        }
    },
    "definitions": {
        "Widget": {
            "type": "object",
            "title": "W",
            "description": "A widget.",
            "required": ["size"],
            "x-kubernetes-preserve-unknown-fields": True,
            "minProperties": 1,
            "maxProperties": 300,
            "properties": {
                "size": {
                    "type": "number",
                    "minimum": -1.5,
                    "maximum": 9,
                    "exclusiveMaximum": True,
                    "multipleOf": 0.5,
                },
                "names": {
                    "type": "array",
                    "uniqueItems": True,
                    "minItems": 1,
                    "maxItems": 2,
                    "items": {
                        "type": "string",
                        "pattern": "^a",
                        "minLength": 1,
                        "maxLength": 63,
                        "enum": [1, 2],
                    },
                },
                "labels": {"type": "object", "additionalProperties": {"type": "integer", "format": "int64"}},
                "any": {"type": "object", "additionalProperties": True, "default": 5},
            },
        }
    },
}

GNOSTIC = bytes.fromhex(
    "0a03322e3012190a0a4b756265726e65746573120b756e76657273696f6e6564429002128d020a232f617069732f6578616d"
    "706c652e636f6d2f76312f776964676574732f7b6e616d657d12e50142c10132106170706c69636174696f6e2f6a736f6e3a"
    "1c6170706c69636174696f6e2f6d657267652d70617463682b6a736f6e422a0a280a261204626f64791a04626f647920012a"
    "160a14232f646566696e6974696f6e732f57696467657442200a1e121c1a1a12057175657279220664727952756e32067374"
    "72696e67a001014a290a270a0332303012200a1e0a024f4b12180a160a14232f646566696e6974696f6e732f576964676574"
    "520568747470736a0f0a07782d6f7264657212041202330a4a1f0a1d121b2219080112047061746822046e616d652a067374"
    "72696e679801014aad020aaa020a06576964676574129f021a0157220941207769646765742e8801ac029001019a01047369"
    "7a65b201080a066f626a656374ca01c2010a300a0473697a65122831000000000000e03f3900000000000022404001490000"
    "00000000f8bfb201080a066e756d6265720a400a056e616d6573123770027801800101b201070a056172726179ba01230a21"
    "583f60016a025e61a201041202310aa201041202320ab201080a06737472696e670a2d0a066c6162656c731223aa01150a13"
    "1205696e743634b201090a07696e7465676572b201080a066f626a6563740a1d0a03616e7912162a041202350aaa01021001"
    "b201080a066f626a656374fa012f0a24782d6b756265726e657465732d70726573657276652d756e6b6e6f776e2d6669656c"
    "647312071205747275650a62110a0f0a0b426561726572546f6b656e12006a420a400a0b426561726572546f6b656e123112"
    "2f0a066170694b6579120d617574686f72697a6174696f6e1a06686561646572220e412062656172657220746f6b656e"
)


def test_each_field_has_the_number_and_form_of_gnostic() -> None:
    paths = [wire.named_path(path, item) for path, item in DOCUMENT["paths"].items()]
    definitions = [wire.named_schema(name, schema) for name, schema in DOCUMENT["definitions"].items()]
    assert _sorted(wire.document(DOCUMENT, paths, definitions)) == _sorted(GNOSTIC)


def _sorted(message: bytes) -> Any:
    """The fields of a message and of the messages in it; the order of fields in a message does not count."""
    try:
        return sorted(((number, _sorted_value(value)) for number, _, value in fields(message)), key=repr)
    except DecodeError:
        return message


def _sorted_value(value: int | bytes) -> Any:
    return _sorted(value) if isinstance(value, bytes) else value
