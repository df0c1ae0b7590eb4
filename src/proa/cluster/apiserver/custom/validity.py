"""Whether a custom object is a valid one of its version: schema, lists, embedded objects, scale. Pure.

Source: apiextensions-apiserver, pkg/registry/customresource/{strategy,validator}.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from proa.cluster.apiserver.columns.column import field
from proa.cluster.apiserver.custom import embedded, list_types
from proa.cluster.apiserver.custom.cel_rules import Rules, blocks
from proa.cluster.apiserver.custom.checking import Checker
from proa.cluster.apiserver.custom.structural import ABSENT, Structural
from proa.cluster.apiserver.kind import Rule, ScalePaths
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value
from proa.cluster.cel import Budget, BudgetExhausted
from proa.kube.resources import Object

_LARGEST = (1 << 31) - 1


def schema_rule(place: Structural, has_status: bool = False) -> Rule:
    """Types, values, lists by key, embedded objects, rules; a status of its own is checked by itself."""
    status = place.properties.get("status")
    checker: list[Checker] = []
    rules = Rules(place, root=True)

    def rule(obj: Object, old: Object | None) -> Iterable[FieldError]:
        if not checker:
            checker.append(Checker(place.schema))
        if has_status and old is not None and obj.get("status") != old.get("status"):
            errors = _status_errors(status, obj, old)
        else:
            errors = checker[0].check(_content(obj), "", ABSENT if old is None else _content(old)).errors
        errors = errors + embedded.validate(obj, place)
        if old is None or not list_types.duplicates(old, place):
            errors = errors + list_types.duplicates(obj, place)
        return errors + _rule_errors(rules, obj, old, errors)

    return rule


def _rule_errors(rules: Rules, obj: Object, old: Object | None, errors: list[FieldError]) -> list[FieldError]:
    """What the rules in CEL say, where the object is such that they can be asked."""
    if not rules.place.has_rules:
        return []
    if blocked := blocks(errors):
        return [blocked]
    found: list[FieldError] = []
    try:
        found.extend(rules.check(obj, ABSENT if old is None else old, "", Budget()))
    except BudgetExhausted as error:
        found.append(invalid_value("<nil>", rules.place.type, str(error)))
    return found


def _status_errors(place: Structural | None, obj: Object, old: Object) -> list[FieldError]:
    """Complaints about a status that was written; paths in their texts begin within it."""
    if place is None or "status" not in obj:
        return []
    errors = Checker(place.schema).check(obj["status"], "", old.get("status", ABSENT)).errors
    return [replace(error, field=_in_status(error.field)) for error in errors]


def _in_status(path: str) -> str:
    return "status" if path in ("", "<nil>") else f"status{'' if path.startswith('[') else '.'}{path}"


def _content(obj: Object) -> Object:
    """What a schema is about; of the metadata it may restrict name and generateName."""
    return {**obj, "metadata": _named(obj)}


def _named(obj: Object) -> Object:
    return {key: obj["metadata"][key] for key in ("name", "generateName") if key in obj["metadata"]}


def scale_rule(paths: ScalePaths) -> Rule:
    """What /scale shows must be counts, and a text."""

    def rule(obj: Object, _old: Object | None) -> Iterable[FieldError]:
        yield from _count(obj, paths.replicas)
        yield from _count(obj, paths.observed)
        selector = field(obj, *paths.selector) if paths.selector else None
        if selector is not None and not isinstance(selector, str):
            path = f".{'.'.join(paths.selector)}"
            yield invalid_value(path, "", f"{path} accessor error: {selector} is not of the type string")

    return rule


def _count(obj: Object, names: tuple[str, ...]) -> Iterable[FieldError]:
    value, path = field(obj, *names), f".{'.'.join(names)}"
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        yield invalid_value(path, 0, f"{path} accessor error: {value} is not of the type int64")
    elif value < 0:
        yield invalid_value(path, value, "should be a non-negative integer")
    elif value > _LARGEST:
        yield invalid_value(path, value, f"should be less than or equal to {_LARGEST}")
