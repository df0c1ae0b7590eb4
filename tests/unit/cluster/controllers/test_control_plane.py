from __future__ import annotations

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.control_plane import LABEL, setup
from proa.kube import NODES, Object
from support.memory_client import MemoryClient
from support.objects import node
from support.server import eventually, running


def at(name: str, address: str) -> Object:
    made = node(name)
    made["status"]["addresses"] = [{"type": "InternalIP", "address": address}]
    return made


async def test_only_the_node_with_the_servers_address_is_labelled() -> None:
    memory = MemoryClient()
    memory.put(NODES, at("a", "192.0.2.2"))
    memory.put(NODES, at("b", "192.0.2.1"))

    async def labelled() -> list[str]:
        return [
            n["metadata"]["name"] for n in memory.all(NODES) if n["metadata"]["labels"].get(LABEL) == "true"
        ]

    config = ControllersConfig(advertise_address="192.0.2.1")
    async with running(memory.client, lambda manager: setup(manager, config)):
        assert await eventually(labelled) == ["b"]
