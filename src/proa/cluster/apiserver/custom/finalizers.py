"""Warnings of finalizers of custom objects whose names may meet those of others."""

from __future__ import annotations

import json

from proa.cluster.apiserver.admission import Request
from proa.cluster.apiserver.view import View

_STANDARD = ("orphan", "foregroundDeletion", "kubernetes")
_PREFER = "prefer a domain-qualified finalizer name"
_WHY = "to avoid accidental conflicts with other finalizer writers"


def warn(request: Request, _view: View) -> None:
    """Warn of finalizers that are new and have no path."""
    if request.target.kind.form is None or request.operation == "DELETE":
        return
    before = ((request.old or {}).get("metadata") or {}).get("finalizers") or ()
    for name in sorted(set(request.obj["metadata"].get("finalizers") or ()) - set(before)):
        if "/" not in name and name not in _STANDARD:
            path = " including a path (/)" if "." in name else ""
            request.warnings.append(f"metadata.finalizers: {json.dumps(name)}: {_PREFER}{path} {_WHY}")
