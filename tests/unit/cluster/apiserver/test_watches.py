"""Watches that are pushed to: rendered once for all that want the same, and never what they do not want."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.options import ListOptions
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.watches import Change, WatchStream
from proa.cluster.store import SqliteStore, Value


def _pod(name: str, labels: dict[str, str]) -> Value:
    metadata = {"name": name, "namespace": "n", "labels": labels}
    return codec.encode({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})


async def _drain(stream: WatchStream) -> None:
    async for _ in stream.changes():
        pass


async def test_what_is_pushed_is_rendered_once_for_equal_selectors(tmp_path: Path) -> None:
    kind = KINDS.find("", "v1", "pods")
    assert kind is not None
    store, rendered = SqliteStore(tmp_path / "state.db"), list[list[str]]()

    def render(changes: Sequence[Change]) -> bytes:
        rendered.append([change.type for change in changes])
        return b"".join([change.frame() for change in changes])

    selectors, received = ["a=1", "a=1", "a=2", ""], [list[bytes]() for _ in range(4)]
    options = [ListOptions(watch=True, resource_version="1", label_selector=each) for each in selectors]
    await store.create("/nodes/first", Value(b"", b""))
    streams = [WatchStream(store, Target(kind, "n"), each) for each in options]
    for stream, lines in zip(streams, received, strict=True):
        stream.push_to(lambda line, lines=lines: not lines.append(line), render)  # type: ignore[misc]
    tasks = [asyncio.create_task(_drain(stream)) for stream in streams]
    await asyncio.sleep(0)

    entry = await store.create("/pods/n/p", _pod("p", {"a": "1"}))
    await store.update("/pods/n/p", _pod("p", {"a": "2"}), entry.revision)

    types = [[line.split(b'"')[3] for line in lines if line] for lines in received]
    assert types == [[b"ADDED", b"DELETED"], [b"ADDED", b"DELETED"], [b"ADDED"], [b"ADDED", b"MODIFIED"]]
    assert received[0][0] is received[1][0]
    assert sorted(rendered) == [[], ["ADDED"], ["ADDED"], ["ADDED"], ["DELETED"], ["MODIFIED"]]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store.close()
