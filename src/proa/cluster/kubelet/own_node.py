"""The node as the API has it, for what its labels and taints say of a pod that was bound here by hand."""

from __future__ import annotations

import logging

import aiohttp

from proa.cluster.kubelet.admission import Refusal, node_refusal
from proa.errors import ApiError
from proa.kube import NODES, Client, Informer, Object

_log = logging.getLogger(__name__)


class OwnNode:
    """Follows one node."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._informer = Informer(client, NODES, field_selector=f"metadata.name={name}")

    async def run(self) -> None:
        """Follow the node until cancelled."""
        await self._informer.run()

    async def refusal(self, pod: Object) -> Refusal | None:
        """Why the pod may not be here.

        A label may be newer than what was heard of the node, so nobody is refused without asking again. A
        node that nobody can tell anything about refuses nobody.
        """
        known = self._informer.get(self._name)
        refused = node_refusal(pod, known) if known is not None else None
        if known is not None and refused is None:
            return None
        try:
            return node_refusal(pod, await self._client.get(NODES, self._name))
        except (ApiError, aiohttp.ClientError, OSError, TimeoutError) as fault:
            _log.warning("node %s not read: %s", self._name, fault)
            return refused
