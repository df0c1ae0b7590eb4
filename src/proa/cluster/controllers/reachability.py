"""Whether the machine of a silent node is there, whatever became of its kubelet."""

from __future__ import annotations

import asyncio

from proa.kube import Object

_LIMIT = 0.5
"""Seconds; the kernel of a machine that is there answers in a round trip."""
_KUBELET_PORT = 10250


async def answers(node: Object) -> bool:
    """Whether the machine answers a connection to the kubelet's port, if only with a refusal."""
    status = node.get("status") or {}
    address = next((a["address"] for a in status.get("addresses") or () if a["type"] == "InternalIP"), "")
    endpoint = (status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
    if not address:
        return False
    try:
        async with asyncio.timeout(_LIMIT):
            _, writer = await asyncio.open_connection(address, endpoint.get("Port") or _KUBELET_PORT)
    except ConnectionRefusedError:
        return True
    except OSError:  # no route to it, or nothing heard in time
        return False
    writer.transport.abort()
    return True
