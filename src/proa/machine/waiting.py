"""Waiting for what was started: the API server, Ready nodes, containerd and its images."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
import time
from collections.abc import Callable, Collection, Coroutine, Iterable
from pathlib import Path
from typing import Any

import aiohttp

from proa.errors import ApiError, ProaError, ServiceUnavailable, UserError
from proa.kube import (
    NODES,
    Client,
    HttpClient,
    Object,
    condition_is_true,
    find_condition,
    load_config,
    parse_time,
)
from proa.machine import image_store
from proa.machine.keeper import Keeper
from proa.machine.layout import Layout

PATIENCE = 120.0
"""Seconds after which a start counts as failed."""
_LOOK_EVERY = 0.25
_ASK_AGAIN = 0.02
"""There is nothing to watch before a server listens."""


class PartDied(ProaError):
    """A part does not stay up; the message is the last line of its log."""


async def nodes_ready(
    kubeconfig: Path, names: Iterable[str], adopted: Collection[str], report: Callable[[str], None]
) -> None:
    """Returns when all these nodes are Ready.

    The API keeps what a node said before it was stopped, so only what it says from now on counts;
    the `adopted` ones, whose agents went on running, need not say it again.
    """
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)  # times of the API are whole seconds
    since = {name: None if name in adopted else now for name in names}
    client = HttpClient(load_config(kubeconfig))
    try:
        listed = await _first_list(client)
        report("the API server answers")
        while True:
            with contextlib.suppress(ApiError, aiohttp.ClientError):  # a server that dies may come back
                await _follow(client, listed, since, report)
            if not since:
                return
            listed = await _first_list(client)
    finally:
        await client.close()


async def _follow(
    client: Client, listed: Object, since: dict[str, dt.datetime | None], report: Callable[[str], None]
) -> None:
    """From a list of the nodes on, until none is waited for or the watch ends."""
    for node in listed["items"]:
        _strike_out(node, since, report)
    if not since:
        return
    async for event in client.watch(NODES, resource_version=listed["metadata"]["resourceVersion"]):
        _strike_out(event.object, since, report)
        if not since:
            return


def _strike_out(node: Object, since: dict[str, dt.datetime | None], report: Callable[[str], None]) -> None:
    """Take a node that is Ready from those that are waited for."""
    name = node["metadata"].get("name")  # a bookmark has none
    if name in since and says_ready(node, since[name]):
        del since[name]
        report(f"node {name} is Ready")


def says_ready(node: Object, since: dt.datetime | None) -> bool:
    """Whether the node says that it is Ready, and said so no earlier than `since`."""
    condition = find_condition(node, "Ready")
    if condition is None or condition["status"] != "True":
        return False
    return since is None or parse_time(condition["lastHeartbeatTime"]) >= since


async def unless_a_part_dies(keeper: Keeper, work: Coroutine[Any, Any, None]) -> None:
    """Returns with `work`; PartDied as soon as a part has died twice."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait([task], timeout=_LOOK_EVERY))[0]:
            for status in keeper.statuses():
                if status.restarts > 1 or (status.restarts and status.state != "running"):
                    said = last_telling_line(keeper.log_end(status.name))
                    raise PartDied(f"{status.name} ended: {said or f'its log is empty: see {keeper.logs}'}")
        await task
    finally:
        task.cancel()


async def node_states(kubeconfig: Path) -> dict[str, str]:
    """Ready or NotReady by node. Raises ProaError when there is no answer."""
    return {
        node["metadata"]["name"]: "Ready" if condition_is_true(node, "Ready") else "NotReady"
        for node in await _nodes(kubeconfig)
    }


async def pod_ranges(kubeconfig: Path) -> dict[str, list[str]]:
    """The pod networks of each node, one of a family. Raises ProaError when there is no answer."""
    return {node["metadata"]["name"]: node["spec"].get("podCIDRs", []) for node in await _nodes(kubeconfig)}


async def _nodes(kubeconfig: Path) -> list[Object]:
    client = HttpClient(load_config(kubeconfig))
    try:
        return list((await client.list(NODES))["items"])
    finally:
        await client.close()


def load_images(layout: Layout, address: Path) -> None:
    """Import the bundled images that this containerd lacks, once it listens."""
    _wait_for_socket(address)
    present = {name.rpartition("/")[2].partition(":")[0] for name in image_store.names(address)}
    for archive in sorted(layout.images.glob("*.tar")):
        if archive.stem not in present:
            image_store.load(address, archive)


async def _first_list(client: Client) -> Object:
    """The nodes, as soon as there is a server to ask."""
    while True:
        try:
            return await client.list(NODES)
        except ServiceUnavailable:
            await asyncio.sleep(_ASK_AGAIN)


def _wait_for_socket(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return
        if time.monotonic() > deadline:
            raise UserError(f"containerd does not listen on {path} after {PATIENCE:.0f} s: see its log")
        time.sleep(_ASK_AGAIN)


def last_telling_line(lines: Iterable[str]) -> str:
    """The last line of a log that says more than that something failed; empty when there is none."""
    telling = [line.strip(" |").removeprefix("proa: ") for line in lines if line.strip(" |+-")]
    return telling[-1] if telling else ""
