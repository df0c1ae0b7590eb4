"""Verdicts of probes, with handlers that answer as told."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from proa.cluster.kubelet.handlers import Handlers, port_number
from proa.cluster.kubelet.probes import ProbeManager, Tally
from proa.cluster.kubelet.problems import HandlerError, HandlerUnknownError
from proa.kube import EventRecorder, Object
from support.kubelet_objects import container, pod, seen, spec_of

QUICK = {"exec": {"command": ["x"]}, "periodSeconds": 0.001}


class Answers:
    """Handlers whose answers are scripted by probe kind; the last one is given for ever."""

    def __init__(self, **script: Sequence[Exception | str | None]) -> None:
        self._script = {kind: list(answers) for kind, answers in script.items()}
        self.asked: list[str] = []

    async def run(self, handler: Object, *_: Any) -> str:
        kind = handler["kind"]
        self.asked.append(kind)
        answers = self._script[kind]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer or ""


class Events:
    def __init__(self) -> None:
        self.messages: list[str] = []

    async def event(self, _pod: Object, _kind: str, _reason: str, message: str, **_: object) -> None:
        self.messages.append(message)


class Bench:
    def __init__(self, answers: Answers, **probes: Object) -> None:
        specs = {f"{kind}Probe": QUICK | {"kind": kind} | probe for kind, probe in probes.items()}
        self.pod = pod(spec_of("main", **specs))
        self.changed = asyncio.Event()
        self.events = Events()
        self.probes = ProbeManager(
            cast("Handlers", answers),
            cast("EventRecorder", self.events),
            "10.0.0.1",
            lambda _: self.changed.set(),
        )
        self.seen = seen(container())

    async def verdict(self) -> None:
        """Until a verdict changes."""
        async with asyncio.timeout(5):
            await self.changed.wait()
        self.changed.clear()


GOOD, BAD, AWAY = None, HandlerError("no"), HandlerUnknownError("runtime away")
MAIN = container()


async def test_readiness_begins_false_and_follows_the_probe() -> None:
    bench = Bench(Answers(readiness=[GOOD, BAD]), readiness={"failureThreshold": 2})
    assert bench.probes.is_ready(MAIN)
    bench.probes.follow(bench.pod, bench.seen)
    assert not bench.probes.is_ready(MAIN)
    await bench.verdict()
    assert bench.probes.is_ready(MAIN)
    await bench.verdict()
    assert not bench.probes.is_ready(MAIN)
    assert bench.events.messages[:2] == ["Readiness probe failed: no"] * 2
    bench.probes.forget("u1")


async def test_a_failing_liveness_probe_condemns() -> None:
    bench = Bench(Answers(liveness=[BAD]), liveness={"failureThreshold": 3})
    bench.probes.follow(bench.pod, bench.seen)
    assert bench.probes.unhealthy(bench.seen) == {}
    await bench.verdict()
    expected = "Container main failed liveness probe, will be restarted"
    assert bench.probes.unhealthy(bench.seen) == {"main-0": expected}
    assert len(bench.events.messages) == 3
    bench.probes.forget("u1")


async def test_a_runtime_that_is_away_condemns_nobody() -> None:
    bench = Bench(Answers(liveness=[AWAY] * 20 + [BAD]), liveness={"failureThreshold": 1})
    bench.probes.follow(bench.pod, bench.seen)
    await bench.verdict()
    assert bench.events.messages == ["Liveness probe failed: no"]
    bench.probes.forget("u1")


async def test_the_other_probes_wait_for_the_startup_probe() -> None:
    answers = Answers(startup=[BAD, BAD, GOOD], readiness=[GOOD])
    bench = Bench(answers, startup={}, readiness={})
    bench.probes.follow(bench.pod, bench.seen)
    assert not bench.probes.has_started(MAIN)
    await bench.verdict()
    assert bench.probes.has_started(MAIN)
    assert answers.asked[:3] == ["startup"] * 3
    await bench.verdict()
    assert bench.probes.is_ready(MAIN)
    bench.probes.forget("u1")


async def test_a_new_agent_keeps_what_was_reported_until_it_knows_better() -> None:
    bench = Bench(Answers(readiness=[BAD]), readiness={"failureThreshold": 3})
    reported = {"name": "main", "containerID": "containerd://main-0", "ready": True, "started": True}
    bench.pod["status"] = {"containerStatuses": [reported]}
    bench.probes.follow(bench.pod, bench.seen)
    assert bench.probes.is_ready(MAIN)
    await bench.verdict()
    assert not bench.probes.is_ready(MAIN)
    bench.probes.forget("u1")


async def test_a_pod_that_ends_is_asked_only_whether_it_is_ready() -> None:
    answers = Answers(readiness=[GOOD, BAD], liveness=[GOOD, BAD])
    bench = Bench(answers, readiness={}, liveness={})
    bench.probes.follow(bench.pod, bench.seen)
    await bench.verdict()
    assert bench.probes.is_ready(MAIN)
    bench.probes.stop_liveness_and_startup("u1")
    bench.probes.follow(bench.pod, bench.seen)
    await bench.verdict()
    assert not bench.probes.is_ready(MAIN)
    assert bench.probes.unhealthy(bench.seen) == {}
    bench.probes.forget("u1")


def test_ports_by_number_and_by_name() -> None:
    spec = spec_of("main", ports=[{"name": "web", "containerPort": 8080}])
    assert [port_number(port, spec) for port in (80, "81", "web")] == [80, 81, 8080]
    with pytest.raises(HandlerError):
        port_number("nope", spec)


@pytest.mark.parametrize(
    ("results", "verdicts"),
    [
        ([True, True], [None, True]),
        ([True, None, True], [None, None, True]),
        ([True, False, True, True], [None, None, None, True]),
        ([False, False, False, False], [None, None, False, False]),
        ([False, False, True, False], [None, None, None, None]),
    ],
)
def test_thresholds(results: list[bool | None], verdicts: list[bool | None]) -> None:
    tally = Tally({"successThreshold": 2, "failureThreshold": 3})
    assert [tally.count(good=result) for result in results] == verdicts


async def test_a_good_answer_with_a_warning_is_an_event() -> None:
    bench = Bench(Answers(readiness=["Probe terminated redirects, Response body: x"]), readiness={})
    bench.probes.follow(bench.pod, bench.seen)
    await bench.verdict()
    expected = "Readiness probe warning: Probe terminated redirects, Response body: x"
    assert expected in bench.events.messages
    bench.probes.forget("u1")
