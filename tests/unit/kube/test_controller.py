import asyncio
import contextlib
from typing import cast

import pytest

from proa.errors import Conflict, NotFound
from proa.kube import Controller, Informer, Object, PermanentError, Result, Source
from proa.kube.informer import Handler


class Collection:
    """Stands for an informer: whatever is given to `change` reaches the handlers."""

    def __init__(self) -> None:
        self.handlers: list[Handler] = []

    def on_change(self, handler: Handler) -> None:
        self.handlers.append(handler)

    async def wait_synced(self) -> None:
        return

    def change(self, old: Object | None, new: Object | None) -> None:
        for handler in self.handlers:
            handler(old, new)


class Recorder:
    def __init__(self, *outcomes: Exception | Result | None) -> None:
        self.outcomes = list(outcomes)
        self.keys: list[str] = []
        self.finished = asyncio.Event()

    async def reconcile(self, key: str) -> Result | None:
        self.keys.append(key)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if not self.outcomes:
            self.finished.set()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def named(name: str, owner: str = "") -> Object:
    return {"metadata": {"name": name, "labels": {"owner": owner}}}


async def run(controller: Controller, recorder: Recorder, collection: Collection, *changes: Object) -> None:
    task = asyncio.create_task(controller.run())
    await asyncio.sleep(0)
    for change in changes:
        collection.change(None, change)
    await asyncio.wait_for(recorder.finished.wait(), 2)
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("fault", [NotFound("x"), Conflict("x"), RuntimeError("a bug")])
async def test_a_failed_key_comes_again(fault: Exception) -> None:
    collection, recorder = Collection(), Recorder(fault, None)
    controller = Controller("test", recorder, sources=[Source(cast("Informer", collection))])
    await run(controller, recorder, collection, named("a"))
    assert recorder.keys == ["a", "a"]


async def test_a_permanent_error_is_not_retried() -> None:
    collection, recorder = Collection(), Recorder(PermanentError("no"))
    controller = Controller("test", recorder, sources=[Source(cast("Informer", collection))])
    await run(controller, recorder, collection, named("a"))
    assert recorder.keys == ["a"]
    assert len(controller.queue) == 0


async def test_a_result_asks_to_be_called_again() -> None:
    collection, recorder = Collection(), Recorder(Result(requeue_after=0), None)
    controller = Controller("test", recorder, sources=[Source(cast("Informer", collection))])
    await run(controller, recorder, collection, named("a"))
    assert recorder.keys == ["a", "a"]


async def test_a_source_maps_objects_to_other_keys() -> None:
    collection, recorder = Collection(), Recorder(None, None)
    source = Source(cast("Informer", collection), lambda o: [o["metadata"]["labels"]["owner"]])
    await run(
        Controller("test", recorder, sources=[source]),
        recorder,
        collection,
        named("a", "x"),
        named("b", "x"),
        named("c", "y"),
    )
    assert recorder.keys == ["x", "y"]
