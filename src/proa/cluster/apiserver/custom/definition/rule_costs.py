"""What the rules of a definition may cost for one object: per rule and together they have limits. Pure.

Source: apiextensions-apiserver, pkg/apis/apiextensions/validation/{validation,cel_validation}.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proa.cluster.apiserver.schema.field_error import FieldError, forbidden
from proa.cluster.cel.estimation import LARGEST, REQUEST, Sized

Schema = Mapping[str, Any]
RULE_LIMIT, LIMIT = 10_000_000, 100_000_000
_NAMED = 4
"""How many of the most expensive rules are named when all together cost too much."""


class Costs:
    """Adds up the costs of a schema's rules."""

    def __init__(self) -> None:
        self._total = 0
        self._dear: list[tuple[int, str]] = []

    def errors(self, path: str, cost: int, what: str) -> Iterator[FieldError]:
        """Note what an expression costs; a complaint when that is too much for one."""
        self._total = min(self._total + cost, LARGEST)
        if cost >= LIMIT // 100:
            self._dear.append((cost, path))
        if cost > RULE_LIMIT:
            yield forbidden(path, _exceeds(f"estimated {what} cost", cost, RULE_LIMIT))

    def total_errors(self, path: str) -> Iterator[FieldError]:
        """Complaints when all together cost too much."""
        if self._total <= LIMIT:
            return
        for _, dear in sorted(self._dear, key=lambda one: -one[0])[:_NAMED]:
            yield forbidden(
                dear,
                "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema",
            )
        what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
        yield forbidden(path, _exceeds(what, self._total, LIMIT))


def multiplied(cost: int, times: int | None, place: Sized | None) -> int:
    """The cost of a rule of a place that an object has so often; None is as often as fits into a request."""
    if times is None:
        times = REQUEST // (place.bytes + 1) if place else 1
    return min(cost * times, LARGEST)


def times_below(schema: Schema, times: int | None) -> int | None:
    """How often an object can have what is below a place that it has so often; None is unbounded."""
    if schema.get("type") == "array":
        limit = schema.get("maxItems")
    elif schema.get("type") == "object" and schema.get("additionalProperties") is not None:
        limit = schema.get("maxProperties")
    else:
        return times
    return None if times is None or limit is None else min(times * max(0, int(limit)), LARGEST)


def _exceeds(what: str, cost: int, limit: int) -> str:
    factor = cost / limit
    shown = f"{factor:f}x" if factor < 1.5 else f"{factor:.1f}x"
    if factor > 100:
        shown = "more than 100x"
    return (
        f"{what} exceeds budget by factor of {shown} (try simplifying the rule, or adding maxItems, "
        "maxProperties, and maxLength where arrays, maps, and strings are declared)"
    )
