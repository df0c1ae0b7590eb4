"""In made-up worlds our scheduler finds the nodes that kube-scheduler found, or says what it said.

scripts/record-scheduling records its answers anew.
"""

from __future__ import annotations

from pathlib import Path

from proa.kube import PODS, Client, Object
from support.scheduling import golden, ours
from support.scheduling.crowded import crowd
from support.scheduling.making import clear, make, make_crowd, prepare
from support.scheduling.worlds import World, world
from support.server import api_server

_FALLS_OVER = ". not found"
"""With this kube-scheduler 1.37 ends what it says to a pod whose claims forbid every node: a plugin looks for
what was not prepared. Ours says that nothing is gained by making room."""


async def test_the_nodes_and_the_words_are_those_of_upstream(tmp_path: Path) -> None:
    differing = []
    async with api_server(tmp_path) as server:
        client = server.client()
        await prepare(client)
        for number, known in golden.read(golden.WORLDS).items():
            made = world(int(number))
            assert golden.digest(made) == known["digest"], f"world {number} is another: record it anew"
            said = await _answers(client, made)
            differing += [
                (number, n, said[n], v) for n, v in known["answers"].items() if not _same(said[n], v)
            ]
            await clear(client)
    assert differing == [], "\n".join(map(str, differing))


async def test_room_is_made_where_upstream_makes_it(tmp_path: Path) -> None:
    differing = []
    async with api_server(tmp_path) as server:
        client = server.client()
        await prepare(client)
        for number, known in golden.read(golden.CROWDS).items():
            made = crowd(int(number))
            assert golden.digest(made) == known["digest"], f"crowd {number} is another: record it anew"
            await make_crowd(client, made)
            await client.create(PODS, made.waiting, "one")
            if (said := await ours.makes_room(client)) != known["answer"]:
                differing.append((number, said, known["answer"]))
            await clear(client)
    assert differing == [], "\n".join(map(str, differing))


async def _answers(client: Client, made: World) -> dict[str, Object]:
    await make(client, made)
    for pod in made.waiting:
        await client.create(PODS, pod, pod["metadata"]["namespace"])
    cluster, waiting = await ours.picture(client)
    return {pod["metadata"]["name"]: ours.answer(pod, cluster) for pod in waiting}


def _same(said: Object, recorded: Object) -> bool:
    theirs = recorded.get("message", "")
    if theirs.endswith(_FALLS_OVER):
        return str(said.get("message")).startswith(f"{theirs.removesuffix(_FALLS_OVER)}. preemption: ")
    return said == recorded
