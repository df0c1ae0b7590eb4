"""Services, pods and nodes, found by each other: what both endpoint controllers watch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from proa.cluster.controllers.pods import BY_NODE, node_names
from proa.cluster.controllers.service_pods import (
    BY_LABEL,
    BY_SELECTOR,
    ZONE,
    label_terms,
    selector_terms,
    selects,
)
from proa.cluster.controllers.topology_hints import zone_shares
from proa.kube import NODES, PODS, SERVICES, Manager, Object, Source, key_of, labels_of


class ServiceCaches:
    """The shared informers with their indices."""

    def __init__(self, manager: Manager) -> None:
        self.services = manager.informer(SERVICES)
        self.services.add_index(BY_SELECTOR, selector_terms)
        self.pods = manager.informer(PODS)
        self.pods.add_index(BY_LABEL, label_terms)
        self.pods.add_index(BY_NODE, node_names)
        self.nodes = manager.informer(NODES)
        self._zones: dict[str, str | None] = {}
        self._shares: dict[str, float] = {}

    def sources(self) -> list[Source]:
        """What wakes a controller of Services."""
        return [
            Source(self.services),
            Source(self.pods, self.services_of_pod),
            Source(self.nodes, self._services_of_moved_node),
        ]

    def pods_of(self, service: Object) -> list[Object]:
        """The pods that the Service selects; it has a selector."""
        term = next(selector_terms(service))
        return [pod for pod in self.pods.by_index(BY_LABEL, term) if selects(service, pod)]

    def services_of_pod(self, pod: Object) -> Iterator[str]:
        """Keys of the Services that select the pod."""
        for term in label_terms(pod):
            for service in self.services.by_index(BY_SELECTOR, term):
                if selects(service, pod):
                    yield key_of(service)

    def nodes_by_name(self) -> dict[str, Object]:
        """All nodes."""
        return {str(node["metadata"]["name"]): node for node in self.nodes.list()}

    def _services_of_moved_node(self, node: Object) -> Iterable[str]:
        """Nodes report all the time; only that they come or go and zones that differ from before matter."""
        name = node["metadata"]["name"]
        zone = labels_of(node).get(ZONE, "") if self.nodes.get(name) else None
        shares = zone_shares(self.nodes.list())
        if self._shares != shares:  # hints of all may have to change
            self._shares, self._zones[name] = shares, zone
            return [key_of(service) for service in self.services.list()]
        if self._zones.get(name) == zone:
            return ()
        self._zones[name] = zone
        pods = self.pods.by_index(BY_NODE, name)
        return {key for pod in pods for key in self.services_of_pod(pod)}
