"""Finding a kind by its address or by what an object calls itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

from proa.cluster.apiserver.kind import Kind


class Registry:
    """A set of kinds; refuses a second declaration of a path or of a kind's name."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._by_path: dict[tuple[str, str, str], Kind] = {}
        self._by_kind: dict[tuple[str, str], Kind] = {}
        self._by_version: dict[tuple[str, str], list[Kind]] = {}
        for kind in kinds:
            self._add(kind)

    def _add(self, kind: Kind) -> None:
        resource = kind.resource
        path = (resource.group, resource.version, resource.plural)
        name = (resource.api_version, resource.kind)
        if path in self._by_path or name in self._by_kind:
            raise ValueError(f"{resource.api_version} {resource.kind} is declared twice")
        self._by_path[path] = kind
        self._by_kind[name] = kind
        self._by_version.setdefault((resource.group, resource.version), []).append(kind)

    def _remove(self, kind: Kind) -> None:
        resource = kind.resource
        del self._by_path[resource.group, resource.version, resource.plural]
        del self._by_kind[resource.api_version, resource.kind]
        beside = self._by_version[resource.group, resource.version]
        beside.remove(kind)
        if not beside:
            del self._by_version[resource.group, resource.version]

    @property
    def generation(self) -> int:
        """Grows with every change of the set: what was made of it before is out of date then."""
        return 0

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        """The kind that is served at a path."""
        return self._by_path.get((group, version, plural))

    def by_kind(self, api_version: str, kind: str) -> Kind | None:
        """The kind of an object, by its apiVersion and kind."""
        return self._by_kind.get((api_version, kind))

    def __iter__(self) -> Iterator[Kind]:
        return iter(tuple(self._by_path.values()))

    def of(self, group: str, version: str) -> list[Kind]:
        """The kinds of one group and version, by plural."""
        return sorted(self._by_version.get((group, version), ()), key=attrgetter("resource.plural"))

    @property
    def group_versions(self) -> dict[str, list[str]]:
        """Group -> versions, both in the order of preference (that of the declarations)."""
        result: dict[str, list[str]] = {}
        for group, version in self._by_version:
            result.setdefault(group, []).append(version)
        return result
