"""ClusterRoles that are made of others, chosen by labels. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from proa.kube.resources import Object
from proa.kube.selectors import label_selector


def aggregated(role: Object, roles: Iterable[Object]) -> list[Object] | None:
    """The rules that a role should have, by selector and name; None for a role without aggregation."""
    if role.get("aggregationRule") is None:
        return None
    ordered = sorted(roles, key=lambda other: str(other["metadata"]["name"]))
    rules: list[Object] = []
    for selector in role["aggregationRule"].get("clusterRoleSelectors") or ():
        chosen = [other for other in ordered if _chooses(selector, other, role)]
        rules += [rule for other in chosen for rule in other.get("rules") or ()]
    return [rule for index, rule in enumerate(rules) if rule not in rules[:index]]


def _chooses(selector: Object, other: Object, role: Object) -> bool:
    compiled = label_selector(selector)
    if compiled is None or other["metadata"]["name"] == role["metadata"]["name"]:
        return False
    return compiled.matches(other["metadata"].get("labels") or {})


def settled(roles: Iterable[Object]) -> list[Object]:
    """The roles that have to change, as they should be; what aggregates aggregates is in it."""
    present = {role["metadata"]["name"]: role for role in roles}
    changed: dict[str, Object] = {}
    progress = True
    while progress:
        progress = False
        for name, role in present.items():
            rules = aggregated(role, present.values())
            if rules is not None and rules != (role.get("rules") or []):
                present = present | {name: {**role, "rules": rules}}
                changed[name] = present[name]
                progress = True
    return list(changed.values())
