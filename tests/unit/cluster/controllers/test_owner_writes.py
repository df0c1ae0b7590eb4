"""Deletions hold for what was judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from proa.cluster.controllers.owner_graph import node_of
from proa.cluster.controllers.owner_writes import OwnerWrites
from proa.errors import Conflict, NotFound
from proa.kube import CONFIG_MAPS, Client, Object
from support.server import api_server

_OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "gone"}


async def _child(client: Client) -> Object:
    metadata = {"name": "child", "namespace": "default", "ownerReferences": [_OWNER]}
    return await client.create(CONFIG_MAPS, {"metadata": metadata}, "default")


async def _delete(client: Client, judged: Object) -> None:
    await OwnerWrites(client).delete(node_of(CONFIG_MAPS, judged), judged, "Background")


async def test_what_got_an_owner_after_it_was_judged_is_not_deleted(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        client = server.client()
        judged = await _child(client)
        more = {"metadata": {"ownerReferences": [_OWNER, _OWNER | {"name": "new", "uid": "new"}]}}
        await client.patch(CONFIG_MAPS, "child", more, "default")
        with pytest.raises(Conflict):
            await _delete(client, judged)
        assert await client.get(CONFIG_MAPS, "child", "default")


async def test_what_changed_elsewhere_is_deleted_all_the_same(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        client = server.client()
        judged = await _child(client)
        await client.patch(CONFIG_MAPS, "child", {"data": {"a": "b"}}, "default")
        await _delete(client, judged)
        with pytest.raises(NotFound):
            await client.get(CONFIG_MAPS, "child", "default")


async def test_what_has_its_name_now_is_left_alone(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        client = server.client()
        judged = await _child(client)
        await client.delete(CONFIG_MAPS, "child", "default")
        await _child(client)
        await _delete(client, judged)
        assert await client.get(CONFIG_MAPS, "child", "default")
