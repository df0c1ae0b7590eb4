"""Whether the rules of a schema compile, and say what Kubernetes asks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proa.cluster import cel
from proa.cluster.apiserver.custom.cel_rules import compile_rule, variables_of
from proa.cluster.apiserver.custom.definition.rule_costs import Costs, multiplied, times_below
from proa.cluster.apiserver.custom.structural import LIST_TYPE, MAP_TYPE, RULES
from proa.cluster.apiserver.schema.field_error import FieldError, Struct, invalid_value, required, unsupported
from proa.cluster.cel.estimation import sized

_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class _Place:
    """Where a schema stands in that of the whole."""

    path: str
    root: bool = False
    times: int | None = 1
    """How often an object can have it; None is without bound."""
    uncorrelatable: str = ""
    """The path from which on nothing says which old value a new one comes from."""

    def below(self, schema: Schema, step: str, loses: bool) -> _Place:
        """The place of what is below, where old values are lost sight of or not."""
        lost = self.uncorrelatable or (self.path if loses else "")
        return _Place(f"{self.path}.{step}", times=times_below(schema, self.times), uncorrelatable=lost)


def rule_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    """Complaints about the rules of a schema that is right otherwise."""
    costs = Costs()
    yield from _walk(schema, _Place(path, root=True), costs)
    yield from costs.total_errors(path)


def _walk(schema: Schema, place: _Place, costs: Costs) -> Iterator[FieldError]:
    rules = schema.get(RULES) or ()
    type_ = cel.types.from_schema(schema, root=place.root) if rules else None
    for index, rule in enumerate(rules):
        where = f"{place.path}.{RULES}[{index}]"
        wrong = list(_text_errors(rule, schema, where))
        yield from wrong
        if not wrong and type_ is not None:
            yield from _expression_errors(rule, type_, where, place, schema, costs)
    for name, child in (schema.get("properties") or {}).items():
        below = place.below(schema, f"properties[{name}]", schema.get(MAP_TYPE) == "atomic")
        yield from _walk(child, below, costs)
    if isinstance(schema.get("additionalProperties"), Mapping):
        below = place.below(schema, "additionalProperties", loses=False)
        yield from _walk(schema["additionalProperties"], below, costs)
    if isinstance(schema.get("items"), Mapping):
        below = place.below(schema, "items", schema.get(LIST_TYPE) != "map")
        yield from _walk(schema["items"], below, costs)


def _expression_errors(
    rule: Schema, type_: cel.Type, path: str, place: _Place, schema: Schema, costs: Costs
) -> Iterator[FieldError]:
    wrong = list(_compile_errors(rule, type_, path, place.uncorrelatable))
    yield from wrong
    if any("compilation failed" in error.detail for error in wrong):
        return
    sizes, variables = sized(schema, root=place.root), variables_of(rule, type_)
    cost = cel.estimated_cost(rule["rule"], variables, sizes)
    yield from costs.errors(f"{path}.rule", multiplied(cost, place.times, sizes), "rule")
    if message := rule.get("messageExpression"):
        cost = cel.estimated_cost(message, variables, sizes)
        yield from costs.errors(f"{path}.messageExpression", cost, "messageExpression")


def _text_errors(rule: Schema, schema: Schema, path: str) -> Iterator[FieldError]:
    text, message = (rule.get("rule") or "").strip(), rule.get("message") or ""
    if not text:
        yield required(f"{path}.rule", "rule is not specified")
    elif message and not message.strip():
        yield invalid_value(f"{path}.message", message, "must be non-empty if specified")
    elif _has_breaks(message.strip()):
        yield invalid_value(f"{path}.message", message, "must not contain line breaks")
    elif _has_breaks(text) and not message.strip():
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")
    expression = rule.get("messageExpression") or ""
    if expression and not expression.strip():
        yield required(f"{path}.messageExpression", "messageExpression must be non-empty if specified")
    if rule.get("reason") and rule["reason"] not in _REASONS:
        yield unsupported(f"{path}.reason", rule["reason"], _REASONS)
    pointed = rule.get("fieldPath") or ""
    if pointed and not _leads_somewhere(pointed, schema):
        yield invalid_value(f"{path}.fieldPath", pointed, "must be a valid path")


def _has_breaks(text: str) -> bool:
    return "\n" in text or "\r" in text


def _leads_somewhere(path: str, schema: Schema) -> bool:
    place: Any = schema
    for name in path.removeprefix(".").replace("['", ".").replace("']", "").split("."):
        named = place.get("properties")
        place = named.get(name) if named is not None else place.get("additionalProperties")
        if not isinstance(place, Mapping):
            return False
    return path.startswith((".", "["))


def _compile_errors(rule: Schema, type_: cel.Type, path: str, uncorrelatable: str) -> Iterator[FieldError]:
    try:
        program, _ = compile_rule({name: v for name, v in rule.items() if name != "messageExpression"}, type_)
    except cel.CompileError as error:
        yield invalid_value(f"{path}.rule", _shown(rule), f"compilation failed: {error}")
        return
    if program.type != cel.types.BOOL:
        yield invalid_value(f"{path}.rule", _shown(rule), "cel expression must evaluate to a bool")
    try:
        _, message = compile_rule(rule, type_)
    except cel.CompileError as error:
        detail = f"messageExpression compilation failed: {error}"
        yield invalid_value(f"{path}.messageExpression", _shown(rule), detail)
        return
    if message is not None and message.type != cel.types.STRING:
        detail = "messageExpression must evaluate to a string"
        yield invalid_value(f"{path}.messageExpression", _shown(rule), detail)
    if "oldSelf" in program.variables:
        if uncorrelatable:
            detail = "oldSelf cannot be used on the uncorrelatable portion of the schema within"
            yield invalid_value(f"{path}.rule", rule["rule"], f"{detail} {uncorrelatable}")
    elif rule.get("optionalOldSelf") is not None:
        detail = "may not be set if oldSelf is not used in rule"
        yield invalid_value(f"{path}.optionalOldSelf", rule["optionalOldSelf"], detail)


def _shown(rule: Schema) -> Struct:
    """A rule as Kubernetes prints it in a complaint."""
    return Struct(
        Rule=rule["rule"],
        Message=rule.get("message") or "",
        MessageExpression=rule.get("messageExpression") or "",
        Reason=rule.get("reason"),
        FieldPath=rule.get("fieldPath") or "",
        OptionalOldSelf=rule.get("optionalOldSelf"),
    )
