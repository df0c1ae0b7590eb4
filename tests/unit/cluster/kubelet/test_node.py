"""What the node says of a runtime that is silent for a while."""

from pathlib import Path
from typing import Any, cast

import pytest

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.cri import CriError, Runtime, RuntimeCondition
from proa.cluster.kubelet.node import NodeReporter

FINE = [RuntimeCondition("RuntimeReady", True, "", "")]


class SilentRuntime:
    """Answers unless it is `away`."""

    def __init__(self) -> None:
        self.away = False
        self.release = "1.6"

    async def status(self) -> list[RuntimeCondition]:
        if self.away:
            raise CriError("UNAVAILABLE", "nobody listens")
        return FINE

    async def version(self) -> tuple[str, str]:
        return "containerd", self.release


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    time = {"now": 1000.0}
    monkeypatch.setattr("proa.cluster.kubelet.node.time.monotonic", lambda: time["now"])
    return time


def reporter(folder: Path, runtime: SilentRuntime) -> NodeReporter:
    config = KubeletConfig(
        node_name="n",
        node_ips=("192.0.2.1",),
        data_dir=folder,
        containerd_socket=folder,
        tls_cert=folder,
        tls_key=folder,
        client_ca=folder,
    )
    nobody = cast("Any", None)
    return NodeReporter(nobody, config, cast("Runtime", runtime), nobody, print, frozenset, list)


async def test_a_restart_of_the_runtime_is_no_failure(tmp_path: Path, clock: dict[str, float]) -> None:
    runtime = SilentRuntime()
    node = reporter(tmp_path, runtime)
    assert await node._look() == FINE
    runtime.away = True
    assert await node._look() == FINE
    clock["now"] += 9
    assert await node._look() == FINE
    runtime.away, runtime.release = False, "1.7"
    assert await node._look() == FINE
    assert node._version == ("containerd", "1.7"), "it may be another release now"


async def test_a_runtime_that_stays_away_is_down(tmp_path: Path, clock: dict[str, float]) -> None:
    runtime = SilentRuntime()
    node = reporter(tmp_path, runtime)
    await node._look()
    runtime.away = True
    await node._look()
    clock["now"] += 10
    assert await node._look() is None
    runtime.away = False
    assert await node._look() == FINE


async def test_a_runtime_that_never_answered_is_down(tmp_path: Path) -> None:
    runtime = SilentRuntime()
    runtime.away = True
    assert await reporter(tmp_path, runtime)._look() is None
