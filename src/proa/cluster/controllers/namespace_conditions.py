"""What the conditions of a namespace say while it is deleted. Pure.

Source: pkg/controller/namespace/deletion (`status_condition_utils.go`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from proa.cluster.controllers.namespace_content import Remains
from proa.kube import Object, with_condition

_Finding = tuple[str, bool, str, str]
"""Type, status, reason and message of a condition."""

_DISCOVERED = ("ResourcesDiscovered", "All resources successfully discovered")
_PARSED = ("ParsedGroupVersions", "All legacy kube types successfully parsed")
_DELETED = ("ContentDeleted", "All content successfully deleted, may be waiting on finalization")
_REMOVED = ("ContentRemoved", "All content successfully removed")
_FINALIZED = ("ContentHasNoFinalizers", "All content-preserving finalizers finished")


def conditions(before: list[Object], remains: Remains) -> list[Object]:
    """All conditions, always in the same order; `before` itself when nothing changes."""
    wanted = list(before)
    for kind, status, reason, message in _findings(remains):
        wanted = with_condition(wanted, kind, status, reason, message)
    return wanted


def _findings(remains: Remains) -> Iterator[_Finding]:
    # What is served is declared, so nothing has to be discovered and no version to be parsed.
    yield "NamespaceDeletionDiscoveryFailure", False, *_DISCOVERED
    yield "NamespaceDeletionGroupVersionParsingFailure", False, *_PARSED
    yield _deletion_failure(remains.faults)
    yield _remaining("NamespaceContentRemaining", remains.objects)
    yield _finalizers("NamespaceFinalizersRemaining", remains.finalizers)


def _deletion_failure(faults: list[str]) -> _Finding:
    kind = "NamespaceDeletionContentFailure"
    if not faults:
        return kind, False, *_DELETED
    what = f"Failed to delete all resource types, {len(faults)} remaining: {', '.join(sorted(faults))}"
    return kind, True, "ContentDeletionFailed", what


def _remaining(kind: str, objects: Mapping[str, int]) -> _Finding:
    if not objects:
        return kind, False, *_REMOVED
    counts = sorted(f"{name} has {count} resource instances" for name, count in objects.items())
    return kind, True, "SomeResourcesRemain", f"Some resources are remaining: {', '.join(counts)}"


def _finalizers(kind: str, finalizers: Mapping[str, int]) -> _Finding:
    if not finalizers:
        return kind, False, *_FINALIZED
    counts = sorted(f"{name} in {count} resource instances" for name, count in finalizers.items())
    what = f"Some content in the namespace has finalizers remaining: {', '.join(counts)}"
    return kind, True, "SomeFinalizersRemain", what
