#!/usr/bin/env python3
"""How long from creating a pod until it runs, on whatever cluster the kubeconfig names?

Four questions: one pod at a time and many at once, each without and with a new claim. The clock
starts before the first create request (that of the claim, if there is one) and stops at the watch
event that shows the last pod with phase Running. The image must be on the nodes already.

    pod_start.py [--kubeconfig FILE] [--rounds 10] [--many 30] [--json FILE]

Run it against two clusters in turn to compare them; the figures hold for the machine and its load.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from proa.errors import NotFound, UserError
from proa.kube import (
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    SERVICE_ACCOUNTS,
    Client,
    HttpClient,
    Informer,
    Object,
    Resource,
    load_config,
)

NAMESPACE = "pod-start"
_PATIENCE = 300.0


@dataclass(frozen=True)
class Options:
    kubeconfig: Path | None
    image: str
    storage_class: str
    rounds: int
    many: int
    json: Path | None


@dataclass(frozen=True)
class Answer:
    question: str
    seconds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


class Bench:
    """Creates pods in a namespace of its own and waits for them by watch."""

    def __init__(self, client: Client, options: Options) -> None:
        self._client = client
        self._options = options
        self._pods = Informer(client, PODS, NAMESPACE)
        self._changed = asyncio.Event()
        self._serial = 0

    async def run(self) -> list[Answer]:
        await self._client.create(NAMESPACES, {"metadata": {"name": NAMESPACE}})
        following = asyncio.create_task(self._pods.run())
        try:
            await self._pods.wait_synced()
            self._pods.on_change(lambda *_: self._changed.set())
            await self._account()
            return [
                await self._ask(claims, count)
                for claims in (False, True)
                for count in (1, self._options.many)
            ]
        finally:
            await self._client.delete(NAMESPACES, NAMESPACE)
            await self._gone()
            following.cancel()

    async def _ask(self, claims: bool, count: int) -> Answer:
        rounds = self._options.rounds if count == 1 else max(3, self._options.rounds // 3)
        await self._round(claims, 1)  # warms what is cold
        seconds = [await self._round(claims, count) for _ in range(rounds)]
        what = "one pod" if count == 1 else f"{count} pods at once"
        return Answer(what + (", a new claim each" if claims else ""), seconds)

    async def _round(self, claims: bool, count: int) -> float:
        names = [self._name() for _ in range(count)]
        began = time.monotonic()
        await asyncio.gather(*(self._start(name, claims) for name in names))
        await self._until(lambda: all(self._phase(name) == "Running" for name in names))
        took = time.monotonic() - began
        await asyncio.gather(*(self._stop(name, claims) for name in names))
        await self._until(lambda: not self._pods.list())
        return took

    async def _start(self, name: str, claims: bool) -> None:
        if claims:
            await self._client.create(
                PERSISTENT_VOLUME_CLAIMS, _claim(name, self._options.storage_class), NAMESPACE
            )
        await self._client.create(PODS, _pod(name, self._options.image, claims), NAMESPACE)

    async def _stop(self, name: str, claims: bool) -> None:
        await self._client.delete(PODS, name, NAMESPACE, grace_period_seconds=1)
        if claims:
            await self._client.delete(PERSISTENT_VOLUME_CLAIMS, name, NAMESPACE)

    def _name(self) -> str:
        self._serial += 1
        return f"p{self._serial}"

    def _phase(self, name: str) -> str:
        pod = self._pods.get(f"{NAMESPACE}/{name}")
        return (pod.get("status") or {}).get("phase", "") if pod else ""

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(_PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _account(self) -> None:
        """Pods are refused until the namespace has its service account."""
        await _eventually(lambda: _there(self._client, SERVICE_ACCOUNTS, "default"))

    async def _gone(self) -> None:
        await _eventually(lambda: _there(self._client, NAMESPACES, NAMESPACE), wanted=False)


async def _there(client: Client, resource: Resource, name: str) -> bool:
    try:
        await client.get(resource, name, NAMESPACE if resource.namespaced else "")
    except NotFound:
        return False
    return True


async def _eventually(condition: Callable[[], Awaitable[bool]], *, wanted: bool = True) -> None:
    async with asyncio.timeout(_PATIENCE):
        while await condition() is not wanted:
            await asyncio.sleep(0.1)


def _pod(name: str, image: str, claims: bool) -> Object:
    container: Object = {"name": "main", "image": image, "command": ["sleep", "3600"]}
    container["imagePullPolicy"] = "IfNotPresent"
    spec: Object = {"containers": [container], "terminationGracePeriodSeconds": 1}
    if claims:
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def _claim(name: str, storage_class: str) -> Object:
    spec: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    if storage_class:
        spec["storageClassName"] = storage_class
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def _options() -> Options:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--kubeconfig", type=Path, help="default: $KUBECONFIG")
    parser.add_argument("--image", default="docker.io/library/busybox:stable", help="must have sleep")
    parser.add_argument("--storage-class", default="", help="default: the cluster's default class")
    parser.add_argument(
        "--rounds", type=int, default=10, help="single pods per question; a third of it for many"
    )
    parser.add_argument("--many", type=int, default=30, help="pods at once")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    return Options(**vars(parser.parse_args()))


def _table(answers: list[Answer]) -> str:
    lines = [f"{'create -> Running':<36} {'rounds':>6} {'p50 s':>8} {'min s':>8} {'max s':>8}"]
    for answer in answers:
        low, high = min(answer.seconds), max(answer.seconds)
        lines.append(
            f"{answer.question:<36} {len(answer.seconds):>6} {answer.median:>8.3f} {low:>8.3f} {high:>8.3f}"
        )
    return "\n".join(lines)


async def _main(options: Options) -> None:
    client = HttpClient(load_config(options.kubeconfig))
    try:
        nodes = (await client.list(NODES))["items"]
        answers = await Bench(client, options).run()
    finally:
        await client.close()
    about = {
        "kubelets": sorted({node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes}),
        "nodes": len(nodes),
        "kernel": platform.release(),
        "cores": os.cpu_count(),
    }
    print(_table(answers))
    print(json.dumps(about))
    if options.json:
        figures = [asdict(answer) | {"median": answer.median} for answer in answers]
        options.json.write_text(json.dumps(about | {"answers": figures}, indent=2) + "\n")


if __name__ == "__main__":
    try:
        asyncio.run(_main(_options()))
    except UserError as fault:
        sys.exit(f"pod_start: {fault}")
