"""What was recorded of kube-controller-manager (scripts/record-stories) is what it still does.

Our controllers are compared with the record in tests/unit/cluster/controllers/test_stories.py.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.real_kubernetes import control_plane, missing_programs
from support.stories import timeless
from support.stories.told import ALL, GOLDEN, clean
from support.workloads import Workloads

_MISSING = missing_programs()
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING} (set PROA_PEERS)"),
    pytest.mark.asyncio(loop_scope="module"),
]
_STORIES = ("a_budget_of_a_deployment", "the_leader_succeeds", "recreated", "all_at_once")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Workloads]:
    async with control_plane(tmp_path_factory.mktemp("real")) as client:
        yield Workloads(client, quiet=2.0)


@pytest.mark.parametrize("name", _STORIES)
async def test_the_end_is_the_recorded_one(real: Workloads, name: str) -> None:
    try:
        assert timeless(await ALL[name](real)) == json.loads(GOLDEN.read_text())[name]
    finally:
        await clean(real)
