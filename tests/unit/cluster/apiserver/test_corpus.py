"""All requests of the corpus, beside the answers of kube-apiserver (recorded by scripts/record-answers)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from corpus import answer, families
from corpus.answer import Answer
from corpus.compare import compare
from corpus.differences import DIFFERENCES
from corpus.player import play
from corpus.users import Users
from proa.cluster.controllers import ControllersConfig, service_cidr
from proa.kube import SERVICE_ACCOUNTS
from support.server import api_server, running

DOCUMENT = Path(__file__).parents[4] / "docs/api-differences.md"
CASES = [
    (family, f"{story.name}/{step.name}", step)
    for family in families.names()
    for story in families.stories(family)
    for step in story.steps
]
recorded = cache(answer.load)


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What our server says to the requests of a family; each family has a server of its own."""

    @cache
    def answers(family: str) -> dict[str, Answer]:
        found = asyncio.run(_replay(family, tmp_path_factory.mktemp(family)))
        return {each.name: each for each in found}

    return answers


async def _replay(family: str, folder: Path) -> list[Answer]:
    ranges = families.service_cidr(family)
    async with (
        api_server(folder, service_cidr=ranges) as server,
        Users(f"https://127.0.0.1:{server.port}", folder) as users,
    ):
        if not families.needs_controllers(family):
            return await play(users, family, families.stories(family))
        await server.client().create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        client = server.client(component="kube-controller-manager")
        async with running(client, lambda manager: service_cidr.setup(manager, ControllersConfig())):
            return await play(users, family, families.stories(family))


def unexplained(family: str, name: str, ours: Any) -> Iterator[str]:
    for path, theirs, mine in compare(recorded(family)[name], ours(family)[name]):
        if not any(each.covers(f"{family}/{name}", path) for each in DIFFERENCES):
            yield f"{path}\n  kube-apiserver: {theirs}\n  proa:           {mine}"


@pytest.mark.parametrize(("family", "name", "step"), CASES, ids=["/".join(case[:2]) for case in CASES])
def test_answers_are_those_of_kubernetes(family: str, name: str, step: Any, ours: Any) -> None:
    kept = recorded(family).get(name)
    assert kept, f"record it: scripts/record-answers {family}"
    assert kept.digest == step.digest, f"it was changed, record it: scripts/record-answers {family}"
    assert "\n".join(unexplained(family, name, ours)) == ""


def test_the_corpus_is_large_and_of_one_version() -> None:
    assert len(CASES) >= 500
    assert {answer.recorded_version(family) for family in families.names()} == {answer.VERSION}


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: f"{each.name}: {each.steps}")
def test_every_difference_is_explained_and_still_there(difference: Any, ours: Any) -> None:
    assert f"**{difference.name}**" in DOCUMENT.read_text()
    assert any(
        difference.covers(f"{family}/{name}", path)
        for family, name, _ in CASES
        for path, _, _ in compare(recorded(family)[name], ours(family)[name])
    )
