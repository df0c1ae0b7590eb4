"""Writing planned EndpointSlices."""

from __future__ import annotations

from contextlib import suppress

from proa.cluster.controllers.slices import Plan
from proa.errors import AlreadyExists, NotFound
from proa.kube import ENDPOINT_SLICES, Client, Result

_STALE = 0.02
"""Seconds until another look, when the cache did not yet show what was written before."""


async def write(client: Client, plan: Plan) -> Result | None:
    """New slices first: an endpoint that moves is never missing."""
    stale = False
    for part in plan.create:
        try:
            await client.create(ENDPOINT_SLICES, part, part["metadata"]["namespace"])
        except AlreadyExists:
            stale = True
    for part in plan.update:
        await client.update(ENDPOINT_SLICES, part)
    for part in plan.delete:
        metadata = part["metadata"]
        with suppress(NotFound):
            await client.delete(ENDPOINT_SLICES, metadata["name"], metadata["namespace"])
    return Result(_STALE) if stale else None
