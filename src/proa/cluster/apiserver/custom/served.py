"""The kinds that are served: those built in, and those of the definitions that are stored.

Whoever asks sees every definition that was written before, so that nothing has to be told of a change:
a look at the revision of the last write to any definition says whether there is one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.custom.kinds import identity, kinds_of
from proa.cluster.apiserver.custom.versions import version_order
from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.kinds.registry import Registry
from proa.cluster.apiserver.target import key_prefix
from proa.cluster.apiserver.webhooks import WebhookCaller
from proa.cluster.store import Entry, Store
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS, Object

_log = logging.getLogger(__name__)
_PREFIX = key_prefix(CUSTOM_RESOURCE_DEFINITIONS)


@dataclass
class _Loaded:
    """A definition as it is served."""

    revision: int
    identity: Object = field(default_factory=dict)
    kinds: list[Kind] = field(default_factory=list)


class ServedKinds(Registry):
    """A registry that follows the stored definitions."""

    def __init__(self, kinds: Iterable[Kind], store: Store, caller: WebhookCaller) -> None:
        super().__init__(kinds)
        self._built_in = dict.fromkeys(self._by_version)
        self._taken = {(group, plural) for group, _, plural in self._by_path}
        self._store = store
        self._caller = caller
        self._loaded: dict[str, _Loaded] = {}
        self._checked = self._touched = -1
        self._changes = 0
        self._refresh()

    @property
    def generation(self) -> int:
        self._refresh()
        return self._changes

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        self._refresh()
        return super().find(group, version, plural)

    def by_kind(self, api_version: str, kind: str) -> Kind | None:
        self._refresh()
        return super().by_kind(api_version, kind)

    def __iter__(self) -> Iterator[Kind]:
        self._refresh()
        return super().__iter__()

    @property
    def group_versions(self) -> dict[str, list[str]]:
        """Those built in, then the others by name, the versions of a group as Kubernetes prefers them."""
        self._refresh()
        custom = sorted(
            (gv for gv in self._by_version if gv not in self._built_in),
            key=lambda gv: (gv[0], version_order(gv[1])),
        )
        result: dict[str, list[str]] = {}
        for group, version in (*self._built_in, *custom):
            result.setdefault(group, []).append(version)
        return result

    def observe(self, _now: Object | None, _before: Object | None) -> None:
        """Take notice of a change though nobody asks: watches of what is served no more end."""
        self._refresh()

    def _refresh(self) -> None:
        if self._checked == self._store.revision:
            return
        self._checked = self._store.revision
        touched = self._store.touched(_PREFIX)
        if touched == self._touched:
            return
        self._touched = touched
        entries = {entry.key: entry for entry in self._store.range(_PREFIX).entries}
        for key in self._loaded.keys() - entries.keys():
            self._unload(key)
        for key, entry in entries.items():
            known = self._loaded.get(key)
            if known is None or known.revision != entry.revision:
                self._load(entry)

    def _unload(self, key: str) -> None:
        for kind in self._loaded.pop(key).kinds:
            self._remove(kind)
            if kind.form is not None:
                kind.form.retired = True
            self._changes += 1

    def _load(self, entry: Entry) -> None:
        definition = codec.decode(entry)
        current, known = identity(definition), self._loaded.get(entry.key)
        if known is not None and known.identity == current:
            known.revision = entry.revision
            return
        if known is not None:
            self._unload(entry.key)
        loaded = self._loaded[entry.key] = _Loaded(entry.revision, current)
        for kind in kinds_of(definition, entry.revision, self._caller):
            self._serve(kind, loaded)

    def _serve(self, kind: Kind, loaded: _Loaded) -> None:
        resource = kind.resource
        if (resource.group, resource.plural) in self._taken:
            _log.warning("not served: %s.%s is built in", resource.plural, resource.group)
            return
        try:
            self._add(kind)
        except ValueError as error:
            _log.warning("not served: %s", error)
            return
        loaded.kinds.append(kind)
        self._changes += 1
