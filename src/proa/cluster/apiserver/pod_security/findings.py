"""What checks of pods have in common: how to look at a pod, and how to say what is wrong. Pure.

The words are upstream's (pod-security-admission policy/), as clients show them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from proa.kube.resources import Object


class Violation(NamedTuple):
    """Why a pod breaks a rule, in short and in detail."""

    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


Pod = Object
"""A pod or the template of one: `metadata` and `spec`."""

Check = Callable[[Pod], Violation | None]


def containers(pod: Pod) -> Iterator[Object]:
    """All containers, in the order in which they are named."""
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        yield from pod["spec"].get(kind) or ()


def security(holder: Object) -> Object:
    """The securityContext of a container or pod spec."""
    return holder.get("securityContext") or {}


def names(found: Iterable[Object]) -> list[str]:
    """The names of containers or volumes."""
    return [each["name"] for each in found]


def quoted(items: Iterable[str]) -> str:
    """`"a", "b"`."""
    return ", ".join(f'"{item}"' for item in items)


def plural(word: str, items: Sequence[Any]) -> str:
    """The word for as many items."""
    return word if len(items) == 1 else f"{word}s"


def named(word: str, items: Sequence[str]) -> str:
    """`container "a"`, `containers "a", "b"`."""
    return f"{plural(word, items)} {quoted(items)}"


def setters(pod: Pod, is_bad: Callable[[Object], bool]) -> str:
    """Who has a bad securityContext: the pod, containers, both; empty for nobody."""
    found = ["pod"] if is_bad(security(pod["spec"])) else []
    bad = names(c for c in containers(pod) if is_bad(security(c)))
    return " and ".join([*found, named("container", bad)] if bad else found)


def is_windows(pod: Pod) -> bool:
    """Whether the pod says that it is for Windows."""
    return bool((pod["spec"].get("os") or {}).get("name") == "windows")


def has_own_users(pod: Pod) -> bool:
    """Whether the pod runs in a user namespace, where root is nobody outside."""
    return pod["spec"].get("hostUsers") is False
