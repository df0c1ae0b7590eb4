"""A machine whose kubelet is away for a moment is not lost."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from proa.cluster.controllers.reachability import answers
from proa.kube import NODES, Client, Object, find_condition
from support.objects import node
from support.server import eventually


def at(address: str, port: int, name: str = "there") -> Object:
    made = node(name)
    made["status"]["addresses"] = [{"type": "InternalIP", "address": address}]
    made["status"]["daemonEndpoints"] = {"kubeletEndpoint": {"Port": port}}
    return made


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


async def test_a_kernel_that_refuses_is_there(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert await answers(at("127.0.0.1", port))
    listener.close()
    assert await answers(at("127.0.0.1", port))


async def test_who_does_not_answer_is_not() -> None:
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # the kernel answers no more than its queue holds
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        assert not await answers(at("127.0.0.1", full.getsockname()[1]))


async def test_to_which_there_is_no_way_is_not() -> None:
    assert not await answers(at("255.255.255.255", 10250))


async def test_without_an_address_nobody_answers() -> None:
    assert not await answers(node())


async def test_of_two_silent_nodes_that_which_answers_is_given_more_time(
    client: Client, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    listener.close()
    for made in (at("127.0.0.1", port), node("lost")):
        status = made.pop("status")
        await client.create(NODES, made)
        await client.patch(NODES, made["metadata"]["name"], {"status": status}, subresource="status")

    async def ready(name: str) -> str:
        condition = find_condition(await client.get(NODES, name), "Ready")
        return str(condition["status"]) if condition else ""

    async def is_lost(name: str) -> bool:
        return await ready(name) == "Unknown"

    await eventually(lambda: is_lost("lost"))
    assert await ready("there") == "True"
    await eventually(lambda: is_lost("there"))
