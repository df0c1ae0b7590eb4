"""Whether the machine of a silent node is there, whatever became of its kubelet."""

from __future__ import annotations

import asyncio

from proa.kube import Object, kubelet_address

_LIMIT = 0.5
"""Seconds; the kernel of a machine that is there answers in a round trip."""


async def answers(node: Object) -> bool:
    """Whether the machine answers a connection to the kubelet's port, if only with a refusal."""
    address = kubelet_address(node)
    if address is None:
        return False
    try:
        async with asyncio.timeout(_LIMIT):
            _, writer = await asyncio.open_connection(*address)
    except ConnectionRefusedError:
        return True
    except OSError:  # no route to it, or nothing heard in time
        return False
    writer.transport.abort()
    return True
