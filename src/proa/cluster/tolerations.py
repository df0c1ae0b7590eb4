"""Taints of nodes against tolerations of pods (source: kubernetes.io, taint-and-toleration)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Taint = Mapping[str, Any]
Toleration = Mapping[str, Any]


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether one toleration covers one taint. An empty key with Exists covers all; an empty effect too."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Exists":
        return True
    value, wanted = taint.get("value") or "", toleration.get("value") or ""
    if operator in ("Gt", "Lt"):
        return _compares(operator, value, wanted)
    return bool(toleration.get("key")) and value == wanted


def tolerated(taint: Taint, tolerations: Sequence[Toleration]) -> bool:
    """Whether any toleration covers the taint."""
    return any(tolerates(toleration, taint) for toleration in tolerations)


def untolerated(
    taints: Iterable[Taint], tolerations: Sequence[Toleration], effects: frozenset[str]
) -> Taint | None:
    """The first taint of these effects that nothing covers."""
    for taint in taints:
        if taint["effect"] in effects and not tolerated(taint, tolerations):
            return taint
    return None


def _compares(operator: str, value: str, wanted: str) -> bool:
    try:
        difference = int(value) - int(wanted)
    except ValueError:
        return False
    return difference > 0 if operator == "Gt" else difference < 0
