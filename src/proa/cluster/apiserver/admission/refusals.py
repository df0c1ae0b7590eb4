"""How admission says no (source: apiserver pkg/admission/errors.go)."""

from __future__ import annotations

from proa.cluster.apiserver.admission.request import Request
from proa.errors import Forbidden


def forbidden(request: Request, why: str) -> Forbidden:
    """403 about the object of the request."""
    metadata = request.obj.get("metadata") or {}
    name = request.name or metadata.get("generateName") or ""
    about = request.target.of(name)
    return Forbidden(f'{about.qualified} "{name}" is forbidden: {why}', about.details())
