"""What controllers that work per namespace share."""

from __future__ import annotations

from proa.kube import Object, is_deleting


def namespace_of(obj: Object) -> tuple[str, ...]:
    """The key of the namespace that an object lies in."""
    return (obj["metadata"]["namespace"],)


def is_active(namespace: Object | None) -> bool:
    """Whether the namespace is there to stay."""
    return namespace is not None and not is_deleting(namespace)
