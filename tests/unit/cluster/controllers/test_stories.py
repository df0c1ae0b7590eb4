"""Stories end as they ended under the real kube-controller-manager (scripts/record-stories)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.stories import timeless
from support.stories.told import ALL, ARGUMENTS, GOLDEN
from support.workloads import workloads

ENDS = json.loads(GOLDEN.read_text())


def test_every_story_was_recorded() -> None:
    assert sorted(ENDS) == sorted(ALL)


@pytest.mark.parametrize("name", sorted(ALL))
async def test_it_ends_as_it_was_recorded(tmp_path: Path, name: str) -> None:
    async with workloads(tmp_path, ARGUMENTS[name]) as world:
        assert timeless(await ALL[name](world)) == ENDS[name]
