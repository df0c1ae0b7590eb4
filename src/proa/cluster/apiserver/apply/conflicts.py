"""What an apply answers when the fields it changes are others'.

Source: apimachinery, managedfields/internal/conflict.go.
"""

from __future__ import annotations

from proa.cluster.apiserver.apply.managers import Manager, Owners, Ownership
from proa.cluster.apiserver.apply.paths import FieldSet, readable
from proa.errors import Conflict


def refuse_conflicts(owners: Owners, manager: Manager, changed: FieldSet) -> None:
    """Raises Conflict when others than `manager` own some of the changed fields."""
    conflicts = [
        (_described(owner), sorted(map(readable, owner.fields & changed)))
        for identity, owner in sorted(owners.items())
        if identity != manager.identity and owner.fields & changed
    ]
    if not conflicts:
        return
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": path}
        for who, paths in conflicts
        for path in paths
    ]
    if len(causes) == 1:
        text = f"1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        lists = (
            "\n".join([f"conflicts with {who}:", *(f"- {p}" for p in paths)]) for who, paths in conflicts
        )
        text = f"{len(causes)} conflicts: " + "\n".join(lists)
    raise Conflict(f"Apply failed with {text}", {"causes": causes})


def _described(owner: Ownership) -> str:
    manager = owner.manager
    who = f'"{manager.name}"' + (f' with subresource "{manager.subresource}"' if manager.subresource else "")
    if manager.operation == "Apply":
        return who
    return f"{who} using {manager.api_version}"
