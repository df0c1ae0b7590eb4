import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from proa.errors import Expired
from proa.kube import PODS, Client, Informer, Object, WatchEvent


def pod(name: str, version: int, node: str = "") -> Object:
    return {
        "metadata": {"name": name, "namespace": "d", "uid": name, "resourceVersion": str(version)},
        "spec": {"nodeName": node},
    }


class Script:
    """A client whose lists and watches were written down beforehand."""

    def __init__(self, lists: list[list[Object]], watches: list[list[WatchEvent | Exception]]) -> None:
        self.lists, self.watches = lists, watches
        self.revisions: list[str] = []
        self.finished = asyncio.Event()

    async def list(self, *_: Any, **__: Any) -> Object:
        items = self.lists.pop(0)
        newest = max((int(i["metadata"]["resourceVersion"]) for i in items), default=1)
        return {"metadata": {"resourceVersion": str(newest)}, "items": items}

    async def watch(self, *_: Any, resource_version: str, **__: Any) -> AsyncIterator[WatchEvent]:
        self.revisions.append(resource_version)
        if not self.watches:
            self.finished.set()
            await asyncio.Future()
        for event in self.watches.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event


@pytest.fixture(autouse=True)
def _no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proa.kube.informer._FIRST_DELAY", 0.0)


async def follow(script: Script, informer: Informer) -> None:
    task = asyncio.create_task(informer.run())
    await asyncio.wait_for(script.finished.wait(), 2)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_follows_a_watch_and_resumes_where_it_ended() -> None:
    script = Script(
        [[pod("a", 1)]],
        [
            [WatchEvent("ADDED", pod("b", 2)), WatchEvent("MODIFIED", pod("a", 3)), OSError("gone")],
            [
                WatchEvent("DELETED", pod("b", 4)),
                WatchEvent("BOOKMARK", {"metadata": {"resourceVersion": "9"}}),
            ],
        ],
    )
    informer = Informer(cast("Client", script), PODS)
    seen: list[tuple[str, str]] = []
    informer.on_change(lambda old, new: seen.append(("old" if old else "", "new" if new else "")))
    await follow(script, informer)
    assert script.revisions == ["1", "3", "9"]
    assert [o["metadata"]["resourceVersion"] for o in informer.list()] == ["3"]
    assert seen == [("", "new"), ("", "new"), ("old", "new"), ("old", "")]


async def test_relists_when_the_revision_is_forgotten() -> None:
    script = Script([[pod("a", 1), pod("b", 1)], [pod("b", 8)]], [[Expired("too old")]])
    informer = Informer(cast("Client", script), PODS)
    gone: list[str] = []
    informer.on_change(lambda old, new: gone.append(old["metadata"]["name"]) if old and not new else None)
    await follow(script, informer)
    assert script.revisions == ["1", "8"]
    assert gone == ["a"]
    assert informer.get("d/b") == pod("b", 8) | {"kind": "Pod", "apiVersion": "v1"}


async def test_indices_follow_changes() -> None:
    script = Script(
        [[pod("a", 1, "n1"), pod("b", 1, "n1")]],
        [[WatchEvent("MODIFIED", pod("a", 2, "n2")), WatchEvent("DELETED", pod("b", 3, "n1"))]],
    )
    informer = Informer(cast("Client", script), PODS, indexers={"node": lambda p: [p["spec"]["nodeName"]]})
    await follow(script, informer)
    assert informer.by_index("node", "n1") == []
    assert [p["metadata"]["name"] for p in informer.by_index("node", "n2")] == ["a"]
    informer.add_index("name", lambda p: [p["metadata"]["name"]])
    assert len(informer.by_index("name", "a")) == 1


async def test_a_late_handler_hears_of_what_is_there() -> None:
    script = Script([[pod("a", 1)]], [])
    informer = Informer(cast("Client", script), PODS)
    await follow(script, informer)
    heard: list[Object | None] = []
    informer.on_change(lambda _, new: heard.append(new))
    assert len(heard) == 1


async def test_only_what_is_to_be_kept_stays() -> None:
    script = Script([[pod("a", 1, "n1")]], [[WatchEvent("ADDED", pod("b", 2, "n2"))]])
    kept: list[str] = []

    def keep(obj: Object) -> Object:
        kept.append(obj["metadata"]["name"])
        return {"metadata": obj["metadata"]}

    informer = Informer(cast("Client", script), PODS, keep=keep)
    await follow(script, informer)
    assert kept == ["a", "b"]
    assert [set(each) for each in informer.list()] == [{"metadata"}, {"metadata"}]
