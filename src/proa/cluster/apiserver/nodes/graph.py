"""Which objects belong to the pods of which node, kept by following the pods in the store.

What a pod refers to is looked at once, when it has a node; the many changes of its status cost a
look-up. Everything else (volumes, attachments, slices) says itself where it belongs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.nodes.references import Reference, references
from proa.cluster.apiserver.target import key_prefix
from proa.cluster.apiserver.view import View
from proa.cluster.store import Entry, Event
from proa.kube.resources import PERSISTENT_VOLUMES, PODS, Object, Resource

_CLAIMS = "persistentvolumeclaims"
_NODE_NAME = b'"nodeName"'


@dataclass(frozen=True, slots=True)
class _Pod:
    uid: str
    node: str
    namespace: str
    references: frozenset[Reference]


class NodeGraph:
    """Answers whether a node has to do with an object. Made at start; `run` keeps it current."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._pods: dict[str, _Pod] = {}
        self._needed: dict[str, Counter[tuple[str, str, str]]] = {}
        page = view.store.range(key_prefix(PODS))
        for entry in page.entries:
            self._add(entry)
        self._watch = view.store.watch(key_prefix(PODS), page.revision)

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            for event in await self._watch.batch():
                self._observe(event)

    def _observe(self, event: Event) -> None:
        known = self._pods.get(event.entry.key)
        if event.deleted:
            self._remove(event.entry.key)
        elif known is None or known.uid != codec.notes(event.entry).uid:
            self._remove(event.entry.key)
            self._add(event.entry)

    def _add(self, entry: Entry) -> None:
        if _NODE_NAME not in entry.value:
            return  # no need to decode what waits for a node
        pod = codec.decode(entry)
        if node := (pod.get("spec") or {}).get("nodeName"):
            metadata = pod["metadata"]
            known = _Pod(metadata["uid"], node, metadata["namespace"], references(pod))
            self._pods[entry.key] = known
            self._needed.setdefault(node, Counter()).update(_addresses(known))

    def _remove(self, key: str) -> None:
        pod = self._pods.pop(key, None)
        if pod is None:
            return
        needed = self._needed[pod.node]
        needed.subtract(_addresses(pod))
        for address in _addresses(pod):
            if needed[address] <= 0:
                del needed[address]

    def needs(self, node: str, plural: str, namespace: str, name: str) -> bool:
        """Whether a pod of the node refers to an object in its namespace."""
        return (plural, namespace, name) in self._needed.get(node, ()) or (
            plural == "secrets" and self._has_volume_secret(node, namespace, name)
        )

    def has_pod(self, node: str, namespace: str, name: str) -> bool:
        """Whether a pod is on the node."""
        pod = self._pods.get(f"{key_prefix(PODS)}{namespace}/{name}")
        return pod is not None and pod.node == node

    def has_volume(self, node: str, name: str) -> bool:
        """Whether a volume is bound to a claim of one of the node's pods."""
        volume = self._view.get(PERSISTENT_VOLUMES, name)
        claim = ((volume or {}).get("spec") or {}).get("claimRef") or {}
        return self.needs(node, _CLAIMS, claim.get("namespace", ""), claim.get("name", ""))

    def names_node(self, node: str, resource: Resource, name: str, namespace: str = "") -> bool:
        """Whether an object has that node in `spec.nodeName`."""
        obj = self._view.get(resource, name, namespace)
        return bool(obj) and ((obj or {}).get("spec") or {}).get("nodeName") == node

    def _has_volume_secret(self, node: str, namespace: str, name: str) -> bool:
        """Whether a volume of the node's pods needs the secret to be mounted."""
        claims = [(n, claim) for kind, n, claim in self._needed.get(node, ()) if kind == _CLAIMS]
        if not claims:
            return False
        volumes = (volume.get("spec") or {} for volume in self._view.list(PERSISTENT_VOLUMES))
        return any(
            (spec["claimRef"].get("namespace"), spec["claimRef"].get("name")) in claims
            and _has_secret(spec, namespace, name)
            for spec in volumes
            if spec.get("claimRef")
        )


def _addresses(pod: _Pod) -> list[tuple[str, str, str]]:
    return [(plural, pod.namespace, name) for plural, name in pod.references]


_VISIBLE = ("nodePublishSecretRef", "nodeStageSecretRef", "nodeExpandSecretRef", "secretRef")


def _has_secret(spec: Object, namespace: str, name: str) -> bool:
    """Whether any of a volume's sources refers to the secret for the use of a node."""
    sources: list[dict[str, Any]] = [value for value in spec.values() if isinstance(value, dict)]
    found = [source[field] for source in sources for field in _VISIBLE if isinstance(source.get(field), dict)]
    return any(ref.get("name") == name and ref.get("namespace", namespace) == namespace for ref in found)
