"""Lists and watches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.apiserver import ApiServer, watches
from proa.cluster.store import watchers
from proa.errors import Expired
from proa.kube import CONFIG_MAPS as KIND
from support.wire import administrator

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
MERGE = "application/merge-patch+json"


async def make(http: Any, *names: str, **labels: str) -> list[int]:
    """The revisions of new ConfigMaps."""
    made = [await http("POST", CONFIG_MAPS, {"metadata": {"name": name, "labels": labels}}) for name in names]
    return [int(answer.body["metadata"]["resourceVersion"]) for answer in made]


def names(answer: Any) -> list[str]:
    return [item["metadata"]["name"] for item in answer.body["items"]]


def told(lines: list[Any]) -> list[tuple[str, str | None]]:
    return [(line["type"], line["object"]["metadata"].get("name")) for line in lines]


async def test_an_empty_list_has_items(http: Any) -> None:
    assert (await http("GET", CONFIG_MAPS)).body["items"] == []


async def test_pages_show_the_first_page_s_moment(http: Any) -> None:
    await make(http, "a", "b", "c")
    first = (await http("GET", f"{CONFIG_MAPS}?limit=1")).body
    await http("DELETE", f"{CONFIG_MAPS}/b")
    await make(http, "bb")
    token = first["metadata"]["continue"]

    rest = await http("GET", f"{CONFIG_MAPS}?limit=5&continue={token}")

    assert first["metadata"]["remainingItemCount"] == 2
    assert names(rest) == ["b", "c"]
    assert rest.body["metadata"] == {"resourceVersion": first["metadata"]["resourceVersion"]}


async def test_a_token_that_grew_old_comes_with_a_new_one(http: Any, server: ApiServer) -> None:
    await make(http, "a", "b", "c")
    token = (await http("GET", f"{CONFIG_MAPS}?limit=1")).body["metadata"]["continue"]
    await http("DELETE", f"{CONFIG_MAPS}/b")
    await make(http, "d")
    await server._store.compact(server._store.revision - 1)

    expired = await http("GET", f"{CONFIG_MAPS}?limit=1&continue={token}")
    fresh = expired.body["metadata"]["continue"]

    assert (expired.status, expired.body["reason"]) == (410, "Expired")
    assert names(await http("GET", f"{CONFIG_MAPS}?continue={fresh}")) == ["c", "d"]


async def test_selected_pages_tell_no_remaining_count(http: Any) -> None:
    await make(http, "a", "b", "c", app="x")
    await make(http, "other")

    first = (await http("GET", f"{CONFIG_MAPS}?limit=2&labelSelector=app%3Dx")).body
    token = first["metadata"]["continue"]
    rest = await http("GET", f"{CONFIG_MAPS}?limit=2&labelSelector=app%3Dx&continue={token}")

    assert "remainingItemCount" not in first["metadata"]
    assert names(rest) == ["c"]
    assert "continue" not in rest.body["metadata"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("labelSelector=app in (x,y)", ["a", "b"]),
        ("labelSelector=!app", ["c"]),
        ("fieldSelector=metadata.name=b", ["b"]),
        ("fieldSelector=metadata.name!=b", ["a", "c"]),
        ("fieldSelector=metadata.name=b&labelSelector=app=x", []),
    ],
)
async def test_selectors(http: Any, selector: str, expected: list[str]) -> None:
    await make(http, "a", app="x")
    await make(http, "b", app="y")
    await make(http, "c")

    assert names(await http("GET", f"{CONFIG_MAPS}?{selector}")) == expected


async def test_exact_reads_the_past(http: Any) -> None:
    (revision,) = await make(http, "a")
    await http("DELETE", f"{CONFIG_MAPS}/a")
    query = f"resourceVersion={revision}&resourceVersionMatch"

    assert names(await http("GET", f"{CONFIG_MAPS}?{query}=Exact")) == ["a"]
    assert names(await http("GET", f"{CONFIG_MAPS}?{query}=NotOlderThan")) == []
    assert names(await http("GET", f"{CONFIG_MAPS}?resourceVersion=0")) == []


async def test_a_watch_without_a_version_begins_with_what_is_there(http: Any) -> None:
    await make(http, "a", "b")

    assert told(await http.lines(f"{CONFIG_MAPS}?watch=1", 2)) == [("ADDED", "a"), ("ADDED", "b")]


async def test_a_watch_from_a_version_tells_what_came_after(http: Any) -> None:
    (revision,) = await make(http, "a")
    await http("PATCH", f"{CONFIG_MAPS}/a", {"data": {"k": "1"}}, kind=MERGE)
    await http("DELETE", f"{CONFIG_MAPS}/a")

    lines = await http.lines(f"{CONFIG_MAPS}?watch=true&resourceVersion={revision}", 2)

    assert told(lines) == [("MODIFIED", "a"), ("DELETED", "a")]
    assert lines[1]["object"]["data"] == {"k": "1"}
    assert int(lines[1]["object"]["metadata"]["resourceVersion"]) == revision + 2


async def test_the_old_watch_paths(http: Any) -> None:
    await make(http, "a", "b")

    assert told(await http.lines("/api/v1/watch/namespaces/default/configmaps/b", 1)) == [("ADDED", "b")]


async def test_coming_to_match_is_added_and_ceasing_is_deleted_with_the_old_state(http: Any) -> None:
    (revision,) = await make(http, "a")
    for label in ("x", "y"):
        await http("PATCH", f"{CONFIG_MAPS}/a", {"metadata": {"labels": {"app": label}}}, kind=MERGE)
    await http("DELETE", f"{CONFIG_MAPS}/a")
    await make(http, "end", app="x")

    lines = await http.lines(f"{CONFIG_MAPS}?watch=1&resourceVersion={revision}&labelSelector=app=x", 3)

    assert told(lines) == [("ADDED", "a"), ("DELETED", "a"), ("ADDED", "end")]
    assert lines[1]["object"]["metadata"]["labels"] == {"app": "x"}
    assert int(lines[1]["object"]["metadata"]["resourceVersion"]) == revision + 2


async def test_streamed_lists_end_with_a_bookmark(http: Any) -> None:
    (revision,) = await make(http, "a")
    query = "watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"

    lines = await http.lines(f"{CONFIG_MAPS}?{query}", 2)

    assert told(lines) == [("ADDED", "a"), ("BOOKMARK", None)]
    metadata = lines[1]["object"]["metadata"]
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(metadata["resourceVersion"]) >= revision


async def test_a_version_that_was_forgotten_is_an_error_line(http: Any, server: ApiServer) -> None:
    await make(http, "a", "b")
    await server._store.compact(server._store.revision - 1)

    (line,) = await http.lines(f"{CONFIG_MAPS}?watch=1&resourceVersion=1", 1)

    assert (line["type"], line["object"]["code"], line["object"]["reason"]) == ("ERROR", 410, "Expired")
    with pytest.raises(Expired):
        await anext(aiter(server.client().watch(KIND, "default", resource_version="1")))


@pytest.mark.parametrize("allowed", [True, False])
async def test_bookmarks_come_when_allowed(http: Any, monkeypatch: pytest.MonkeyPatch, allowed: bool) -> None:
    monkeypatch.setattr(watches, "BOOKMARK_INTERVAL", 0.0)
    (revision,) = await make(http, "a")
    asyncio.get_running_loop().call_later(0.1, lambda: asyncio.ensure_future(make(http, "b")))

    lines = await http.lines(
        f"{CONFIG_MAPS}?watch=1&resourceVersion={revision}&allowWatchBookmarks={str(allowed).lower()}", 1
    )

    assert lines[0]["type"] == ("BOOKMARK" if allowed else "ADDED")


async def test_a_watch_ends_cleanly_with_a_last_bookmark(http: Any) -> None:
    (revision,) = await make(http, "a")
    query = f"watch=1&resourceVersion={revision}&timeoutSeconds=1&allowWatchBookmarks=true"

    answer = await http("GET", f"{CONFIG_MAPS}?{query}")

    (line,) = [answer.body] if isinstance(answer.body, dict) else map(json.loads, answer.body.splitlines())
    assert line["type"] == "BOOKMARK"


@pytest.mark.parametrize(
    "query",
    [
        "sendInitialEvents=true",
        "sendInitialEvents=true&resourceVersionMatch=Exact&allowWatchBookmarks=1",
        "resourceVersionMatch=NotOlderThan",
    ],
)
async def test_watch_options_that_contradict_each_other(http: Any, query: str) -> None:
    answer = await http("GET", f"{CONFIG_MAPS}?watch=1&{query}")

    assert (answer.status, answer.body["reason"]) == (422, "Invalid")


async def test_rows_in_a_watched_table_tell_the_columns_once(http: Any) -> None:
    await make(http, "a", "b")
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}

    async with http._session.get(f"{CONFIG_MAPS}?watch=1", headers=accept) as response:
        lines = [json.loads(await response.content.readline()) for _ in range(2)]

    assert [bool(line["object"]["columnDefinitions"]) for line in lines] == [True, False]
    assert [line["object"]["rows"][0]["cells"][0] for line in lines] == ["a", "b"]


async def test_a_client_that_goes_is_forgotten(http: Any, server: ApiServer) -> None:
    await make(http, "a")
    await http.lines(f"{CONFIG_MAPS}?watch=1", 1)
    async with asyncio.timeout(5):
        while server._store._hub._watches["/configmaps/"]:  # noqa: ASYNC110 (the hub tells nobody)
            await asyncio.sleep(0)


async def test_in_process_watchers_share_the_objects(http: Any, server: ApiServer) -> None:
    client = server.client()
    (revision,) = await make(http, "a")
    streams = [aiter(client.watch(KIND, resource_version=str(revision))) for _ in range(2)]
    waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
    await asyncio.sleep(0)
    await make(http, "b")

    first, second = await asyncio.gather(*waiting)

    assert first.object is second.object
    for stream in streams:
        assert isinstance(stream, AsyncGenerator)
        await stream.aclose()


async def test_who_does_not_read_is_cut_off_and_others_see_everything(
    http: Any, server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchers, "QUEUE_LIMIT", 10)
    (revision,) = await make(http, "a")
    path = f"{CONFIG_MAPS}?watch=1&resourceVersion={revision}"
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=administrator(tmp_path))
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # every transport that reads has it
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    hub, count = server._store._hub._watches, 0
    async with asyncio.timeout(20), http._session.get(path) as other:
        while len(hub["/configmaps/"]) < 2:  # noqa: ASYNC110 (the hub tells nobody)
            await asyncio.sleep(0)
        while len(hub["/configmaps/"]) > 1:
            count += 1
            await http("PATCH", f"{CONFIG_MAPS}/a", {"data": {"k": f"{count}-{'x' * 500_000}"}}, kind=MERGE)
            line = json.loads(await other.content.readuntil(b"\n"))
            assert line["object"]["data"]["k"].startswith(f"{count}-")
    writer.transport.abort()

    assert count > 10
    assert not reader.at_eof()
