"""One version of a definition: schema, subresources, columns, selectable fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proa.cluster.apiserver.custom.definition.cel_rules import rule_errors
from proa.cluster.apiserver.custom.definition.defaults import default_errors
from proa.cluster.apiserver.custom.definition.schemas import schema_errors
from proa.cluster.apiserver.custom.definition.structure import structure_errors
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    duplicate,
    forbidden,
    invalid_value,
    required,
    too_many,
)

_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_SELECTABLE_LIMIT = 8
_AT_ROOT = {
    "description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
    "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "multipleOf", "required",
    "items", "properties", "externalDocs", "example", "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
}  # fmt: skip
_AT_ROOT_AS_SAID = (
    "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength "
    "Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example "
    "XPreserveUnknownFields XValidations]"
)


def version_errors(versions: Sequence[Mapping[str, Any]], old: Mapping[str, Any]) -> Iterator[FieldError]:
    """Complaints about versions; a schema that is stored as it is, in `old`, is not judged anew."""
    for index, version in enumerate(versions):
        path = f"spec.versions[{index}]"
        yield from _warning_errors(version, path)
    for name, whole, check in (
        ("schema", "validation", _schema_errors),
        ("subresources", "subresources", _subresource_errors),
        ("additionalPrinterColumns", "additionalPrinterColumns", _columns_errors),
        ("selectableFields", "selectableFields", _selectable_errors),
    ):
        for path, version in _where(versions, name, whole):
            yield from check(version, path, old)


def _where(
    versions: Sequence[Mapping[str, Any]], name: str, whole: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(path, version) of what versions say; what all say alike counts as said once, of the whole."""
    said = [version.get(name) for version in versions]
    if said and all(said) and all(one == said[0] for one in said):
        yield f"spec.{whole}", versions[0]
        return
    for index, version in enumerate(versions):
        yield f"spec.versions[{index}].{name}", version


def _schema_errors(version: Mapping[str, Any], path: str, old: Mapping[str, Any]) -> Iterator[FieldError]:
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if schema is None or schema in _schemas(old):
        return
    where = f"{path}.openAPIV3Schema"
    yield from _root_errors(schema, where, (version.get("subresources") or {}).get("status") is not None)
    structural = sorted(structure_errors(schema, where), key=str)
    yield from structural
    if not structural:
        yield from default_errors(schema, where)
    wrong = list(schema_errors(schema, where))
    yield from wrong
    if not structural and not wrong:
        yield from rule_errors(schema, where)


def _subresource_errors(
    version: Mapping[str, Any], path: str, _old: Mapping[str, Any]
) -> Iterator[FieldError]:
    yield from _scale_errors((version.get("subresources") or {}).get("scale"), f"{path}.scale")


def _columns_errors(version: Mapping[str, Any], path: str, _old: Mapping[str, Any]) -> Iterator[FieldError]:
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        yield from _column_errors(column, f"{path}[{index}]")


def _schemas(spec: Mapping[str, Any]) -> list[Any]:
    return [(v.get("schema") or {}).get("openAPIV3Schema") for v in spec.get("versions") or ()]


def _warning_errors(version: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    warning, path = version.get("deprecationWarning"), f"{path}.deprecationWarning"
    if warning is None:
        return
    if not version.get("deprecated"):
        yield invalid_value(path, warning, "can only be set for deprecated versions")
        return
    if len(warning.encode()) > 256:
        yield invalid_value(path, warning, "must be <= 256 characters long")
    if not warning:
        yield invalid_value(path, warning, "must not be an empty string")
    wrong = next((index for index, char in enumerate(warning) if not char.isprintable()), None)
    if wrong is not None:
        detail = "must only contain printable UTF-8 characters; non-printable character found at index"
        yield invalid_value(path, warning, f"{detail} {wrong}")


def _root_errors(schema: Mapping[str, Any], path: str, has_status: bool) -> Iterator[FieldError]:
    if has_status:
        if (schema.get("type") or "object") != "object":
            detail = (
                'only "object" is allowed as the type at the root of the schema if the status subresource is '
                "enabled"
            )
            yield invalid_value(f"{path}.type", schema["type"], detail)
        if not _AT_ROOT.issuperset(name for name, value in schema.items() if value not in (None, False, "")):
            detail = f"only {_AT_ROOT_AS_SAID} fields are allowed at the root of the schema if the status"
            yield invalid_value(path, schema, f"{detail} subresource is enabled")
    if schema.get("nullable"):
        yield forbidden(f"{path}.nullable", "nullable cannot be true at the root")


def _simple_path_errors(text: str, path: str) -> Iterator[FieldError]:
    if not text.startswith("."):
        yield invalid_value(path, text, "must be a simple json path starting with .")


def _scale_errors(scale: Mapping[str, Any] | None, path: str) -> Iterator[FieldError]:
    if scale is None:
        return
    for name, roots in (
        ("specReplicasPath", (".spec.",)),
        ("statusReplicasPath", (".status.",)),
        ("labelSelectorPath", (".spec.", ".status.")),
    ):
        text = scale.get(name) or ""
        if not text:
            if name != "labelSelectorPath":
                yield required(f"{path}.{name}")
            continue
        wrong = list(_simple_path_errors(text, f"{path}.{name}"))
        yield from wrong
        if not wrong and not text.startswith(roots):
            where = "either .spec or .status" if len(roots) > 1 else roots[0].rstrip(".")
            yield invalid_value(f"{path}.{name}", text, f"should be a json path under {where}")


def _column_errors(column: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    if not column.get("name"):
        yield required(f"{path}.name")
    known = f"must be one of {','.join(_COLUMN_TYPES)}"
    if not column.get("type"):
        yield required(f"{path}.type", known)
    elif column["type"] not in _COLUMN_TYPES:
        yield invalid_value(f"{path}.type", column["type"], known)
    if column.get("format") and column["format"] not in _COLUMN_FORMATS:
        detail = f"must be one of {','.join(_COLUMN_FORMATS)}"
        yield invalid_value(f"{path}.format", column["format"], detail)
    if not column.get("jsonPath"):
        yield required(f"{path}.JSONPath")
    else:
        yield from _simple_path_errors(column["jsonPath"], f"{path}.JSONPath")


def _selectable_errors(
    version: Mapping[str, Any], path: str, _old: Mapping[str, Any]
) -> Iterator[FieldError]:
    fields = version.get("selectableFields") or []
    schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    seen: set[str] = set()
    for index, field in enumerate(fields):
        text, where = field.get("jsonPath") or "", f"{path}[{index}].jsonPath"
        if not text:
            yield required(where)
            continue
        found = _place_of(text, schema)
        if isinstance(found, str):
            yield invalid_value(where, text, f"is an invalid path: {found}")
            continue
        if text.startswith(".metadata"):
            yield invalid_value(where, text, "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            detail = (
                "must point to a field of type string, boolean or integer. Enum string fields and strings "
                "with formats are allowed."
            )
            yield invalid_value(where, text, detail)
        if text in seen:
            yield duplicate(where, text)
        seen.add(text)
    if len(seen) > _SELECTABLE_LIMIT:
        yield too_many(path, len(seen), _SELECTABLE_LIMIT)


def _place_of(text: str, schema: Mapping[str, Any]) -> Mapping[str, Any] | str:
    """The schema that a path leads to, or why it leads nowhere."""
    for name in text.removeprefix(".").split("."):
        below = (schema.get("properties") or {}).get(name)
        if below is None:
            return "does not refer to a valid field"
        schema = below
    return schema
