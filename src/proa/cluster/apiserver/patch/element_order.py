"""The order of a merged list.

What the patch speaks about stands in the patch's order; what only the server has keeps
its own; where the two interleave, a server element goes before a patch element exactly
when it did so in the server's list.
"""

from __future__ import annotations

from typing import Any


def ordered(merged: list[Any], patch_order: list[Any], server_order: list[Any], key: str) -> list[Any]:
    """Order `merged`; `key` identifies elements that are objects, plain values are themselves."""
    by_patch, by_server = _positions(patch_order, key), _positions(server_order, key)

    def identity(element: Any) -> Any:
        return element.get(key) if key and isinstance(element, dict) else element

    ours = sorted((e for e in merged if identity(e) in by_patch), key=lambda e: by_patch[identity(e)])
    theirs = [e for e in merged if identity(e) not in by_patch]
    theirs.sort(key=lambda e: by_server.get(identity(e), len(by_server)))
    result = []
    while ours and theirs:
        left, right = by_server.get(identity(theirs[0])), by_server.get(identity(ours[0]))
        server_first = left is not None and right is not None and left < right
        result.append((theirs if server_first else ours).pop(0))
    return result + ours + theirs


def _positions(elements: list[Any], key: str) -> dict[Any, int]:
    positions: dict[Any, int] = {}
    for element in elements:
        identity = element.get(key) if key and isinstance(element, dict) else element
        positions.setdefault(identity, len(positions))
    return positions
