from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from proa.machine.waiting import says_ready

NOON = dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)


def node(status: str, said: str) -> dict[str, Any]:
    condition = {"type": "Ready", "status": status, "lastHeartbeatTime": said}
    return {"metadata": {"name": "n"}, "status": {"conditions": [condition]}}


@pytest.mark.parametrize(
    ("status", "said", "since", "ready"),
    [
        pytest.param("True", "2026-01-01T12:00:00Z", NOON, True, id="said now"),
        pytest.param("True", "2026-01-01T11:59:59Z", NOON, False, id="said before it was stopped"),
        pytest.param("True", "2026-01-01T11:59:59Z", None, True, id="its agent went on running"),
        pytest.param("Unknown", "2026-01-01T12:00:01Z", None, False, id="not known"),
    ],
)
def test_what_counts_as_ready(status: str, said: str, since: dt.datetime | None, ready: bool) -> None:
    assert says_ready(node(status, said), since) is ready


def test_a_new_node_is_not_ready() -> None:
    assert not says_ready({"metadata": {"name": "n"}}, None)
