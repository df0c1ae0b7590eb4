"""What the server's parts see of the present."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.target import object_key
from proa.cluster.apiserver.view import View
from proa.cluster.store import SqliteStore
from proa.kube.resources import CONFIG_MAPS

KEY = object_key(CONFIG_MAPS, "a", "default")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "state.db")
    yield store
    await store.close()


async def test_what_is_only_looked_at_is_decoded_once_a_revision(store: SqliteStore) -> None:
    view, obj = View(store), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert view.peek(CONFIG_MAPS, "a", "default") is None
    entry = await store.create(KEY, codec.encode(obj))
    first = view.peek(CONFIG_MAPS, "a", "default")
    assert first is view.peek(CONFIG_MAPS, "a", "default")

    await store.update(KEY, codec.encode(obj | {"data": {"b": "c"}}), entry.revision)

    changed = view.peek(CONFIG_MAPS, "a", "default")
    assert changed is not None
    assert changed["data"] == {"b": "c"}
