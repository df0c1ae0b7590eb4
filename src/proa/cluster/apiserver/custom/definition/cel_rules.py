"""Whether the rules of a schema compile, and say what Kubernetes asks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proa.cluster import cel
from proa.cluster.apiserver.custom.cel_rules import compile_rule
from proa.cluster.apiserver.custom.structural import LIST_TYPE, MAP_TYPE, RULES
from proa.cluster.apiserver.schema.field_error import FieldError, Struct, invalid_value, required, unsupported

_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
Schema = Mapping[str, Any]


def rule_errors(schema: Schema, path: str) -> Iterator[FieldError]:
    """Complaints about the rules of a schema that is right otherwise."""
    yield from _walk(schema, path, root=True, uncorrelatable="")


def _walk(schema: Schema, path: str, *, root: bool = False, uncorrelatable: str) -> Iterator[FieldError]:
    rules = schema.get(RULES) or ()
    type_ = cel.types.from_schema(schema, root=root) if rules else None
    for index, rule in enumerate(rules):
        where = f"{path}.{RULES}[{index}]"
        wrong = list(_text_errors(rule, schema, where))
        yield from wrong
        if not wrong and type_ is not None:
            yield from _compile_errors(rule, type_, where, uncorrelatable)
    below = uncorrelatable or (path if schema.get(MAP_TYPE) == "atomic" else "")
    for name, child in (schema.get("properties") or {}).items():
        yield from _walk(child, f"{path}.properties[{name}]", uncorrelatable=below)
    if isinstance(schema.get("additionalProperties"), Mapping):
        child = schema["additionalProperties"]
        yield from _walk(child, f"{path}.additionalProperties", uncorrelatable=uncorrelatable)
    if isinstance(schema.get("items"), Mapping):
        below = uncorrelatable or ("" if schema.get(LIST_TYPE) == "map" else path)
        yield from _walk(schema["items"], f"{path}.items", uncorrelatable=below)


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
