"""Whole objects within a custom object (x-kubernetes-embedded-resource), and metadata of either. Pure.

Source: apiextensions-apiserver, pkg/apiserver/schema/objectmeta.
"""

from __future__ import annotations

import re
from typing import Any

from proa.cluster.apiserver import names
from proa.cluster.apiserver.custom.structural import Structural
from proa.cluster.apiserver.schema import SCHEMAS
from proa.cluster.apiserver.schema.check import check
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value, required
from proa.cluster.apiserver.schema.prune import prune

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
DNS_1035_MESSAGE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)


def label_1035_problems(text: str) -> list[str]:
    """Why a text is no DNS label of RFC 1035."""
    problems = [] if DNS_1035.fullmatch(text) else [DNS_1035_MESSAGE]
    return (["must be no more than 63 bytes"] if len(text) > 63 else []) + problems


def coerce_metadata(metadata: Any) -> tuple[str, list[str]]:
    """(what is malformed, unknown fields) of metadata, which is brought into its form in place."""
    found = check(SCHEMAS.definition(OBJECT_META), "", metadata)
    if not found.malformed:
        prune(SCHEMAS.definition(OBJECT_META), metadata)
    malformed = found.malformed.partition(": ")[2]
    return malformed, [text.replace('field "', 'field "metadata.', 1) for text in found.unknown]


def coerce(value: Any, place: Structural, path: str = "") -> list[str]:
    """Bring the metadata of embedded objects into their form, in place; the paths of unknown fields."""
    if not place.has_embedded and not (path and place.embedded):
        return []
    unknown: list[str] = []
    if isinstance(value, dict):
        if path and place.embedded and isinstance(value.get("metadata"), dict):
            _, fields = coerce_metadata(value["metadata"])
            unknown += [text.split('"')[1] for text in fields]
            unknown = [f"{path}.{field}" for field in unknown]
        for name, item in value.items():
            child = place.child(name)
            if child is not None:
                unknown += coerce(item, child, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and place.items is not None:
        for index, item in enumerate(value):
            unknown += coerce(item, place.items, f"{path}[{index}]")
    return unknown


def validate(value: Any, place: Structural, path: str = "") -> list[FieldError]:
    """Complaints about the embedded objects below a place, not about the object itself."""
    if not place.has_embedded and not (path and place.embedded):
        return []
    errors: list[FieldError] = []
    if isinstance(value, dict):
        if path and place.embedded:
            errors += _resource_errors(value, path)
        for name, item in value.items():
            child = place.child(name)
            if child is not None:
                key = f".{name}" if name in place.properties else f"[{name}]"
                errors += validate(item, child, f"{path}{key}" if path else name)
    elif isinstance(value, list) and place.items is not None:
        for index, item in enumerate(value):
            errors += validate(item, place.items, f"{path}[{index}]")
    return errors


def _resource_errors(value: dict[str, Any], path: str) -> list[FieldError]:
    errors = [required(f"{path}.{name}") for name in ("apiVersion", "kind") if name not in value]
    version, kind = value.get("apiVersion", "v1"), value.get("kind", "kind")
    if not isinstance(version, str):
        errors.append(invalid_value(f"{path}.apiVersion", version, "must be a string"))
    elif not version:
        errors.append(invalid_value(f"{path}.apiVersion", version, "must not be empty"))
    elif version.count("/") > 1:
        detail = f"unexpected GroupVersion string: {version}"
        errors.append(invalid_value(f"{path}.apiVersion", version, detail))
    if not isinstance(kind, str):
        errors.append(invalid_value(f"{path}.kind", kind, "must be a string"))
    elif not kind:
        errors.append(invalid_value(f"{path}.kind", kind, "must not be empty"))
    elif problems := label_1035_problems(kind.lower()):
        detail = f"may have mixed case, but should otherwise match: {','.join(problems)}"
        errors.append(invalid_value(f"{path}.kind", kind, detail))
    return errors + _metadata_errors(value.get("metadata"), f"{path}.metadata")


def _metadata_errors(metadata: Any, path: str) -> list[FieldError]:
    if metadata is None:
        return []
    if not isinstance(metadata, dict):
        return [invalid_value(path, metadata, "must be an object")]
    errors = []
    for key, text in (metadata.get("labels") or {}).items():
        errors += [invalid_value(f"{path}.labels", key, problem) for problem in names.key_problems(key)]
        errors += [invalid_value(f"{path}.labels", text, p) for p in names.label_value_problems(str(text))]
    for key in metadata.get("annotations") or {}:
        errors += [invalid_value(f"{path}.annotations", key, p) for p in names.key_problems(key.lower())]
    return errors
