from __future__ import annotations

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.control_plane import LABEL, setup
from proa.kube import NODES, Client, Object
from support.objects import node
from support.server import eventually, running


def at(name: str, address: str) -> Object:
    made = node(name)
    made["status"]["addresses"] = [{"type": "InternalIP", "address": address}]
    return made


async def test_only_the_node_with_the_servers_address_is_labelled(client: Client) -> None:
    for made in (at("a", "192.0.2.2"), at("b", "192.0.2.1")):
        await client.create(NODES, made)

    async def labelled() -> list[str]:
        found = await client.list(NODES, label_selector=f"{LABEL}=true")
        return [one["metadata"]["name"] for one in found["items"]]

    config = ControllersConfig(advertise_address="192.0.2.1")
    async with running(client, lambda manager: setup(manager, config)):
        assert await eventually(labelled) == ["b"]
