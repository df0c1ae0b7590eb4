"""The order in which Kubernetes prefers versions: v2, v1, v1beta2, v1beta1, v1alpha1, then the rest. Pure."""

from __future__ import annotations

import re

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_STABILITY = {None: 0, "beta": 1, "alpha": 2}


def version_order(version: str) -> tuple[int, int, int, str]:
    """Sorts the most preferred first."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return (3, 0, 0, version)
    return (_STABILITY[found[2]], -int(found[1]), -int(found[3] or 0), "")
