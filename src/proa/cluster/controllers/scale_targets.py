"""Which collection a kind is in, for built-in kinds and custom resources: what is scaled, or measured."""

from __future__ import annotations

from proa.cluster.controllers.kinds import by_kind
from proa.errors import NotFound
from proa.kube import Client, Resource
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS


class ScaleTargets:
    """Finds collections."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def find(self, api_version: str, kind: str) -> Resource:
        """The collection of an apiVersion and kind. Raises NotFound."""
        group, _, version = api_version.rpartition("/")
        known = by_kind().get((group, kind))
        return known if known is not None else await self._custom(group, version, kind)

    async def qualified(self, api_version: str, kind: str) -> str:
        """Its name with its group: `pods`, `ingresses.networking.k8s.io`. Raises NotFound."""
        resource = await self.find(api_version, kind)
        return ".".join(filter(None, (resource.plural, resource.group)))

    async def _custom(self, group: str, version: str, kind: str) -> Resource:
        for definition in (await self._client.list(CUSTOM_RESOURCE_DEFINITIONS))["items"]:
            spec = definition["spec"]
            served = [entry["name"] for entry in spec.get("versions") or () if entry.get("served")]
            if spec["group"] == group and spec["names"]["kind"] == kind and served:
                chosen = version if version in served else served[0]
                namespaced = spec["scope"] == "Namespaced"
                return Resource(group, chosen, spec["names"]["plural"], kind, namespaced)
        raise NotFound(f'no matches for kind "{kind}" in group "{group}"')
