"""Short schemas for tests."""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.custom.structural import Structural

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}


def struct(**properties: Any) -> dict[str, Any]:
    """The schema of an object with these fields."""
    return {"type": "object", "properties": properties}


def place(schema: dict[str, Any]) -> Structural:
    """A schema as the server reads it, of a whole object."""
    return Structural(schema, root=True)
