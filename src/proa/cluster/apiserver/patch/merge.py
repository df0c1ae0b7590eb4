"""JSON merge patch (RFC 7396)."""

from __future__ import annotations

from typing import Any

from proa.errors import BadRequest
from proa.kube.resources import Object


def copied(value: Any) -> Any:
    """A copy of a JSON value that shares no mutable part with it."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def apply_merge_patch(document: Object, patch: Any) -> Object:
    """Merge `patch` into `document`: null removes, objects merge, all else replaces.

    Neither is changed; the result shares with the document what the patch says nothing of.
    """
    if not isinstance(patch, dict):
        raise BadRequest("a merge patch of an object must be a JSON object")
    return _merged(document, patch)


def _merged(target: Any, patch: dict[str, Any]) -> Object:
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = _merged(result.get(key), value)
        else:
            result[key] = copied(value)
    return result
