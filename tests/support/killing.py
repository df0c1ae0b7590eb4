"""A server that is killed again and again under a load of writes, with watchers: is anything lost?

Each writer has keys of its own, so what must be stored after a kill is known: what was answered last, or
what was asked but not answered. Watchers resume where they ended, and in the end all have seen the same.
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from support.api_process import ApiProcess, api_process

_PATH = "/api/v1/namespaces/default/configmaps"
_WRITERS, _KEYS, _WATCHERS = 8, 4, 4
_MERGE = {"Content-Type": "application/merge-patch+json"}
_LOAD_SECONDS = (0.02, 0.5)

State = tuple[int, str] | None
"""Revision and value of a key; None when it is not there."""


@dataclass
class Writer:
    """Creates, changes and deletes its keys, one request at a time, and notes what was answered."""

    number: int
    answered: dict[str, State] = field(default_factory=dict)
    asked: tuple[str, str | None] | None = None
    """Key and value of the request that is under way; the value is None for a deletion."""
    revisions: dict[int, tuple[str, str]] = field(default_factory=dict)
    """All answered creations and changes by revision."""
    count: int = 0

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Write until the server is gone."""
        while True:
            key = f"w{self.number}-{self.count % _KEYS}"
            self.count += 1
            await self._write(session, key)

    async def _write(self, session: aiohttp.ClientSession, key: str) -> None:
        value, there = str(self.count), self.answered.get(key) is not None
        deletes = there and random.random() < 0.2
        self.asked = (key, None if deletes else value)
        body = {"metadata": {"name": key}, "data": {"v": value}}
        if deletes:
            request = session.delete(f"{_PATH}/{key}")
        elif there:
            request = session.patch(f"{_PATH}/{key}", data=json.dumps(body), headers=_MERGE)
        else:
            request = session.post(_PATH, json=body)
        async with request as answer:
            told = await answer.json()
            assert answer.status in (200, 201), told
        self.asked = None
        if deletes:
            self.answered[key] = None
            return
        revision = int(told["metadata"]["resourceVersion"])
        self.answered[key] = (revision, value)
        self.revisions[revision] = (key, value)

    def settle(self, stored: dict[str, State]) -> None:
        """Compare with what is stored after a restart, and go on from there."""
        for key, state in self.answered.items():
            found = stored.get(key)
            asked = self.asked[1] if self.asked and self.asked[0] == key else state
            done = asked is None if found is None else found[1] == asked
            assert found == state or done, f"{key}: answered {state}, stored {found}, asked {self.asked}"
        for number in range(_KEYS):
            key = f"w{self.number}-{number}"
            self.answered[key] = stored.get(key)
        self.asked = None


@dataclass
class Watcher:
    """Follows all keys across restarts."""

    revision: int
    events: list[tuple[int, str, str, str]] = field(default_factory=list)

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Read until the server is gone."""
        query = {"watch": "1", "resourceVersion": str(self.revision)}
        async with session.get(_PATH, params=query) as answer:
            while (line := await answer.content.readline()).endswith(b"\n"):
                self._note(json.loads(line))

    def _note(self, line: dict[str, object]) -> None:
        obj = line["object"]
        assert isinstance(obj, dict), line
        assert line["type"] in ("ADDED", "MODIFIED", "DELETED"), line
        revision = int(obj["metadata"]["resourceVersion"])
        assert revision > self.revision, f"the watch went back from {self.revision} to {revision}"
        self.revision = revision
        self.events.append((revision, str(line["type"]), obj["metadata"]["name"], obj["data"]["v"]))


@dataclass(frozen=True)
class Survived:
    """What a run did."""

    rounds: int
    writes: int
    events: int


async def survive(folder: Path, rounds: int) -> Survived:
    """Kill a server so often; AssertionError tells what was lost."""
    writers, watchers = [Writer(number) for number in range(_WRITERS)], list[Watcher]()
    for number in range(rounds + 1):
        async with api_process(folder) as server, _session(server) as session:
            revision, stored = await _stored(session)
            watchers = watchers or [Watcher(revision) for _ in range(_WATCHERS)]
            _check_revision(revision, writers, watchers)
            for writer in writers:
                writer.settle(stored)
            await _load(server, session, writers, watchers, last=number == rounds)
            if number == rounds:
                _check_events(writers, watchers, (await _stored(session))[1])
    return Survived(rounds, sum(len(w.revisions) for w in writers), len(watchers[0].events))


def _session(server: ApiProcess) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(ssl=server.trust(), limit=0)
    return aiohttp.ClientSession(server.url, connector=connector)


async def _stored(session: aiohttp.ClientSession) -> tuple[int, dict[str, State]]:
    async with session.get(_PATH) as answer:
        listed = await answer.json()
    items = {i["metadata"]["name"]: i for i in listed["items"] if i["metadata"]["name"].startswith("w")}
    states: dict[str, State] = {
        name: (int(item["metadata"]["resourceVersion"]), item["data"]["v"]) for name, item in items.items()
    }
    return int(listed["metadata"]["resourceVersion"]), states


async def _load(
    server: ApiProcess,
    session: aiohttp.ClientSession,
    writers: list[Writer],
    watchers: list[Watcher],
    *,
    last: bool,
) -> None:
    """Write and watch; then kill the server, unless it is the last round, where watchers catch up."""
    watching = [asyncio.create_task(watcher.run(session)) for watcher in watchers]
    writing = [] if last else [asyncio.create_task(writer.run(session)) for writer in writers]
    if last:
        await _catch_up(session, watchers)
    else:
        await asyncio.sleep(random.uniform(*_LOAD_SECONDS))
        await server.kill()
    for task in watching if last else ():
        task.cancel()
    for result in await asyncio.gather(*watching, *writing, return_exceptions=True):
        gone = (aiohttp.ClientError, ConnectionError, asyncio.CancelledError)
        if isinstance(result, BaseException) and not isinstance(result, gone):
            raise result


async def _catch_up(session: aiohttp.ClientSession, watchers: list[Watcher]) -> None:
    """Wait until all have seen one more write."""
    async with session.post(_PATH, json={"metadata": {"name": "wend"}, "data": {"v": ""}}) as answer:
        newest = int((await answer.json())["metadata"]["resourceVersion"])
    async with asyncio.timeout(30):
        while any(watcher.revision < newest for watcher in watchers):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


def _check_revision(revision: int, writers: list[Writer], watchers: list[Watcher]) -> None:
    told = [rev for writer in writers for rev in writer.revisions] + [w.revision for w in watchers]
    assert revision >= max(told), f"after a restart at {revision}, before it at {max(told)}"


def _check_events(writers: list[Writer], watchers: list[Watcher], stored: dict[str, State]) -> None:
    newest = min(watcher.revision for watcher in watchers)
    logs = [[event for event in watcher.events if event[0] <= newest] for watcher in watchers]
    assert all(log == logs[0] for log in logs), "watchers have seen different events"
    seen = {revision: (name, value) for revision, kind, name, value in logs[0] if kind != "DELETED"}
    for writer in writers:
        lost = {rev: write for rev, write in writer.revisions.items() if seen.get(rev) != write}
        assert not lost, f"answered writes without an event: {lost}"
    state: dict[str, State] = {}
    for revision, kind, name, value in logs[0]:
        state[name] = None if kind == "DELETED" else (revision, value)
    assert {name: found for name, found in state.items() if found} == stored
