from __future__ import annotations

import pytest

from proa.supervisor.backoff import Backoff


@pytest.mark.parametrize(
    ("previous", "uptime", "delay"),
    [
        pytest.param(0, 0, 0.2, id="first death waits shortest"),
        pytest.param(0.2, 1, 0.4, id="doubles"),
        pytest.param(3.2, 1, 5, id="up to the limit"),
        pytest.param(5, 9, 5, id="stays at the limit"),
        pytest.param(5, 10, 0.2, id="begins anew after a steady run"),
    ],
)
def test_delay(previous: float, uptime: float, delay: float) -> None:
    assert Backoff().after(previous, uptime) == delay
