"""The policies of one kind with their bindings, compiled, and kept until one of them changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from proa.cluster.apiserver.policies.matching import Match
from proa.cluster.apiserver.target import key_prefix
from proa.cluster.apiserver.view import View
from proa.kube.resources import Object, Resource

_Policy = TypeVar("_Policy")


@dataclass(frozen=True, slots=True)
class Binding:
    """Puts a policy to use."""

    name: str
    match: Match
    params: Object | None
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bound(Generic[_Policy]):
    """A policy and its bindings."""

    policy: _Policy
    bindings: tuple[Binding, ...]


class Catalogue(Generic[_Policy]):
    """All bound policies. Nothing is read while nothing changes; a policy is compiled once a version."""

    def __init__(
        self, view: View, policies: Resource, bindings: Resource, compile_policy: Callable[[Object], _Policy]
    ) -> None:
        self._view = view
        self._policies, self._bindings = policies, bindings
        self._prefixes = key_prefix(policies), key_prefix(bindings)
        self._compile = compile_policy
        self._compiled: dict[tuple[str, str], _Policy] = {}
        self._revisions = (-1, -1)
        self._bound: tuple[Bound[_Policy], ...] = ()

    def bound(self) -> tuple[Bound[_Policy], ...]:
        """The policies that have a binding, by name."""
        touched = self._view.store.touched
        revisions = touched(self._prefixes[0]), touched(self._prefixes[1])
        if revisions != self._revisions:
            self._bound = self._read()
            self._revisions = revisions
        return self._bound

    def _read(self) -> tuple[Bound[_Policy], ...]:
        bindings: dict[str, list[Binding]] = {}
        for entry in self._view.list(self._bindings):
            bindings.setdefault(entry["spec"].get("policyName", ""), []).append(_binding(entry))
        kept: dict[tuple[str, str], _Policy] = {}
        found = []
        for entry in self._view.list(self._policies):
            name = entry["metadata"]["name"]
            if name not in bindings:
                continue
            version = name, entry["metadata"]["resourceVersion"]
            kept[version] = self._compiled.get(version) or self._compile(entry)
            found.append(Bound(kept[version], tuple(bindings[name])))
        self._compiled = kept
        return tuple(found)


def _binding(entry: dict[str, Any]) -> Binding:
    spec = entry["spec"]
    return Binding(
        entry["metadata"]["name"],
        Match.of(spec.get("matchResources")),
        spec.get("paramRef"),
        tuple(spec.get("validationActions") or ()),
    )
