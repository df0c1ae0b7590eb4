"""A clock that is set back or forward: nothing waits for it to come back."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest

from proa.cluster.kubelet import probes, tokens
from proa.cluster.kubelet.backoff import Backoff
from proa.cluster.kubelet.probes import Probed
from proa.cluster.kubelet.tokens import TokenManager

HOUR, YEAR = 3600.0, 365 * 86400.0
POD = {"metadata": {"name": "p", "namespace": "d", "uid": "u"}, "spec": {"serviceAccountName": "a"}}


class Clock:
    """Stands for the module `time`."""

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        return self.now


class Issuer:
    """Answers TokenRequests with numbered tokens of one hour."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.issued = 0

    async def create(self, *_: Any, **__: Any) -> Any:
        self.issued += 1
        expiry = dt.datetime.fromtimestamp(self._clock.now + HOUR, dt.UTC)
        return {
            "status": {
                "token": f"token {self.issued}",
                "expirationTimestamp": expiry.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        }


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(tokens, "time", clock)
    monkeypatch.setattr(probes, "time", clock)
    return clock


@pytest.mark.parametrize("jump", [HOUR, -HOUR, YEAR, -YEAR])
async def test_a_jump_makes_a_pods_token_new(clock: Clock, jump: float) -> None:
    issuer = Issuer(clock)
    manager = TokenManager(issuer)  # type: ignore[arg-type] # of a client only this is used
    assert await manager.token(POD, "", 3600) == "token 1"
    assert await manager.token(POD, "", 3600) == "token 1"

    clock.now += jump

    assert manager.due() == {"u"}
    assert await manager.token(POD, "", 3600) == "token 2"
    assert await manager.token(POD, "", 3600) == "token 2"


@pytest.mark.parametrize("jump", [HOUR, -HOUR, YEAR, -YEAR])
def test_a_container_runs_for_no_negative_time(clock: Clock, jump: float) -> None:
    probed = Probed({}, {}, "c", (), started_at=int(clock.now * 1e9))
    clock.now += jump

    assert probed.age() == pytest.approx(max(0.0, jump), abs=1)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, YEAR, -YEAR])
def test_a_crashed_container_waits_no_longer_than_its_delay(jump: float) -> None:
    backoff = Backoff()
    backoff.step("c", 1000.0)

    assert 0 <= backoff.remaining("c", 1000.0, 1000.0 + jump) <= 10
