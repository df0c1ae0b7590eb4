"""Runs one service proxy on an API in memory that its standard input fills: one JSON object a line.

`{"put": RESOURCE, "object": {...}}` stores an object, `{"drop": RESOURCE, "key": "..."}` deletes one,
`{"start": {...}}` starts the proxy with this configuration, `{"dns": {...}}` a DNS server; each prints
`ready` when it is.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from proa.cluster.dns import DnsConfig, DnsServer
from proa.kube import ENDPOINT_SLICES, NODES, SERVICES, Manager
from proa.services import ServiceProxy, ServiceProxyConfig
from support.memory_client import MemoryClient

RESOURCES = {resource.plural: resource for resource in (SERVICES, ENDPOINT_SLICES, NODES)}


def made(told: dict[str, Any], manager: Manager) -> ServiceProxy | DnsServer:
    ((what, given),) = told.items()
    settings: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    if what == "start":
        return ServiceProxy(manager, ServiceProxyConfig(**settings))
    settings["resolv_conf"] = Path(settings["resolv_conf"])
    return DnsServer(manager, DnsConfig(**settings))


async def main() -> None:
    api = MemoryClient()
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    manager = Manager(api.client)
    async with asyncio.TaskGroup() as group:
        group.create_task(manager.run())
        while line := await reader.readline():
            told: dict[str, Any] = json.loads(line)
            if "put" in told:
                api.put(RESOURCES[told["put"]], told["object"])
            elif "drop" in told:
                api.drop(RESOURCES[told["drop"]], told["key"])
            else:
                part = made(told, manager)
                group.create_task(part.run())
                await part.ready.wait()
                print("ready", flush=True)
        raise SystemExit


if __name__ == "__main__":
    asyncio.run(main())
