"""The parts of the control plane as ComponentStatuses: nothing is stored, each is asked when it is shown.

Source: kubernetes pkg/registry/core/componentstatus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.target import Target, key_prefix
from proa.cluster.store import Entry
from proa.kube.resources import Object, Resource

Check = Callable[[], str]
"""Why a part is not well; empty when it is."""

STATUSES = Resource("", "v1", "componentstatuses", "ComponentStatus", namespaced=False)


class Components:
    """The parts by name."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Show one more."""
        self._checks[name] = check

    def entries(self) -> list[Entry]:
        """All, as if they were stored."""
        prefix = key_prefix(STATUSES)
        return [
            Entry(f"{prefix}{obj['metadata']['name']}", 0, 0, codec.encode_json(obj))
            for obj in self._objects()
        ]

    def entry(self, target: Target) -> Entry:
        """One of them. Raises NotFound."""
        for entry in self.entries():
            if entry.key == target.key:
                return entry
        raise target.not_found()

    def _objects(self) -> Iterator[Object]:
        for name in sorted(self._checks):
            problem = self._checks[name]()
            condition = {"type": "Healthy", "status": "False" if problem else "True"}
            said = {"message": problem} if problem else {"message": "ok"}
            yield {
                "kind": STATUSES.kind,
                "apiVersion": STATUSES.api_version,
                "metadata": {"name": name},
                "conditions": [condition | said],
            }
