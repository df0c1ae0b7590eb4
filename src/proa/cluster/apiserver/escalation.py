"""Whether rules cover other rules, so that nobody grants more than they have. Pure.

Source: Kubernetes RBAC, privilege escalation prevention.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from proa.cluster.apiserver.authorizer import Rule

FULL: tuple[Rule, ...] = (
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
)
"""All that can be granted."""


def uncovered(held: Sequence[Rule], wanted: Iterable[Rule]) -> list[Rule]:
    """What of the wanted rules is not held, as rules for one thing each."""
    return [part for rule in wanted for part in _parts(rule) if not any(_covers(own, part) for own in held)]


def _parts(rule: Rule) -> Iterator[Rule]:
    """A rule taken apart: one group, resource, verb and name, or one path and verb, each."""
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for verb in rule.get("verbs") or ():
                part = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                names = rule.get("resourceNames") or ()
                yield from ({**part, "resourceNames": [name]} for name in names)
                if not names:
                    yield part
    for path in rule.get("nonResourceURLs") or ():
        for verb in rule.get("verbs") or ():
            yield {"nonResourceURLs": [path], "verbs": [verb]}


def _covers(own: Rule, part: Rule) -> bool:
    if not _has(own.get("verbs"), part["verbs"][0]):
        return False
    if "nonResourceURLs" in part:
        return _covers_path(own.get("nonResourceURLs") or (), part["nonResourceURLs"][0])
    names = own.get("resourceNames") or ()
    return (
        _has(own.get("apiGroups"), part["apiGroups"][0])
        and _covers_resource(own.get("resources") or (), part["resources"][0])
        and (not names or ("resourceNames" in part and part["resourceNames"][0] in names))
    )


def _has(values: Sequence[str] | None, wanted: str) -> bool:
    return values is not None and ("*" in values or wanted in values)


def _covers_resource(own: Sequence[str], resource: str) -> bool:
    _, slash, subresource = resource.partition("/")
    return "*" in own or resource in own or bool(slash and f"*/{subresource}" in own)


def _covers_path(own: Sequence[str], path: str) -> bool:
    return any(
        pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern[:-1])) for pattern in own
    )


def describe(parts: Iterable[Rule]) -> str:
    """The parts, a line each, those that differ only by their verb as one."""
    merged: dict[tuple[str, ...], Rule] = {}
    for part in parts:
        key = _identity(part)
        verbs = [*merged[key]["verbs"], *part["verbs"]] if key in merged else part["verbs"]
        merged[key] = {**part, "verbs": verbs}
    return "\n".join(sorted(_text(part) for part in merged.values()))


def _identity(part: Rule) -> tuple[str, ...]:
    """What parts of one rule have in common; paths stay apart."""
    if "nonResourceURLs" in part:
        return (part["nonResourceURLs"][0], part["verbs"][0])
    return (part["apiGroups"][0], part["resources"][0], "".join(part.get("resourceNames") or ()), "")


def _text(part: Rule) -> str:
    fields = (
        ("APIGroups", "apiGroups"),
        ("Resources", "resources"),
        ("NonResourceURLs", "nonResourceURLs"),
        ("ResourceNames", "resourceNames"),
        ("Verbs", "verbs"),
    )
    shown = [f"{title}:[{_quoted(part[name])}]" for title, name in fields if part.get(name)]
    return "{" + ", ".join(shown) + "}"


def _quoted(values: Iterable[str]) -> str:
    return " ".join(f'"{value}"' for value in values)
