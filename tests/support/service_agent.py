"""Runs one service proxy on an API in memory that its standard input fills: one JSON object a line.

`{"put": RESOURCE, "object": {...}}` stores an object, `{"drop": RESOURCE, "key": "..."}` deletes one,
`{"start": {...}}` starts the proxy with this configuration. It prints `ready` when its rules are in.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from proa.kube import ENDPOINT_SLICES, NODES, SERVICES
from proa.services import ServiceProxy, ServiceProxyConfig
from support.memory_client import MemoryClient

RESOURCES = {resource.plural: resource for resource in (SERVICES, ENDPOINT_SLICES, NODES)}


async def main() -> None:
    api = MemoryClient()
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with asyncio.TaskGroup() as group:
        while line := await reader.readline():
            told: dict[str, Any] = json.loads(line)
            if "put" in told:
                api.put(RESOURCES[told["put"]], told["object"])
            elif "drop" in told:
                api.drop(RESOURCES[told["drop"]], told["key"])
            else:
                config: dict[str, Any] = {
                    name: tuple(value) if isinstance(value, list) else value
                    for name, value in told["start"].items()
                }
                proxy = ServiceProxy(api.client, ServiceProxyConfig(**config))
                group.create_task(proxy.run())
                await proxy.ready.wait()
                print("ready", flush=True)
        raise SystemExit


if __name__ == "__main__":
    asyncio.run(main())
