"""Stories told to kube-controller-manager and to our controllers: what each returns must be the same.

A story makes objects in the default namespace, plays the kubelet, and returns what it saw in the end, with
all that is made up (names, hashes, times) made equal by `timeless` and `masked`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from proa.kube import Object
from support.server import eventually
from support.workloads import Workloads

Story = Callable[[Workloads], Awaitable[Any]]
_TIMES = (
    "lastTransitionTime",
    "lastProbeTime",
    "lastUpdateTime",
    "startTime",
    "completionTime",
    "lastScaleTime",
)
_MADE_UP = re.compile(r"\b([a-z]+(?:-\d)?)(?:(?:-[bcdfghjklmnpqrstvwxz2456789]{4,10})+|-\d{8})\b")


def timeless(value: Any) -> Any:
    """Without times and made-up names; a time that is there is told by its name."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {k: "then" if k in _TIMES else timeless(v) for k, v in value.items()}
    return [timeless(each) for each in value] if isinstance(value, list | tuple) else value


def masked(text: str) -> str:
    """Without the hashes, the random endings and the minutes in names."""
    return _MADE_UP.sub(r"\1-X", text)


async def told(world: Workloads, kind: str) -> list[tuple[str, str]]:
    """Reason and message of all events about a kind, each once, as soon as no more come."""

    async def look(world: Workloads) -> list[tuple[str, str]]:
        return sorted({(reason, masked(message)) for reason, message in await world.events(kind)})

    return list(await settled(world, look))


async def settled(world: Workloads, look: Callable[[Workloads], Awaitable[Any]]) -> Any:
    """What `look` gives when it has given the same for as long as these controllers may be silent."""
    loop = asyncio.get_running_loop()
    seen, since = await look(world), loop.time()
    async with asyncio.timeout(15):
        while loop.time() - since < world.quiet:
            await asyncio.sleep(0.05)
            if (now := await look(world)) != seen:
                seen, since = now, loop.time()
    return seen


async def condition(world: Workloads, resource: Any, kind: str, value: str, name: str = "web") -> Object:
    """The object as soon as a condition of its status has that value."""

    async def reached() -> Object | None:
        obj = await world.get(resource, name)
        found = {c["type"]: c["status"] for c in (obj.get("status") or {}).get("conditions") or ()}
        return obj if found.get(kind) == value else None

    return dict(await eventually(reached, f"{resource.kind} {name} {kind}={value}"))
