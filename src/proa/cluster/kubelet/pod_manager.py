"""Gives each pod of this node its worker, and clears away what belongs to no pod."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.host import Host
from proa.cluster.kubelet.observation import fingerprints
from proa.cluster.kubelet.pods import pod_name
from proa.cluster.kubelet.static import Mirrors
from proa.cluster.kubelet.static.manifest import is_mirror, is_static
from proa.cluster.kubelet.terminator import kill_pod, remove_pod
from proa.cluster.kubelet.worker import PodWorker
from proa.kube import Informer, Object

_log = logging.getLogger(__name__)

_RELIST_PERIOD = 30.0
_RELIST_RETRY = 0.5
_ORPHAN_GRACE = 1


class PodManager:
    """The pods of this node by uid."""

    def __init__(self, informer: Informer, mirrors: Mirrors) -> None:
        self._informer = informer
        self._mirrors = mirrors
        self._static: dict[str, Object] = {}
        self._workers: dict[str, PodWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._orphans: dict[str, asyncio.Task[None]] = {}
        self._evictions: set[asyncio.Task[None]] = set()
        self._fingerprints: dict[str, frozenset[object]] = {}
        self._relist = asyncio.Event()
        self._host: Host | None = None

    @property
    def host(self) -> Host:
        """What the workers share; set by `begin`."""
        assert self._host is not None, "the manager does not run yet"
        return self._host

    def begin(self, host: Host) -> None:
        """From now on pods can be given to the manager."""
        self._host = host

    async def run(self) -> None:
        """Follow the informer, which someone else runs, until cancelled. Pods go on running afterwards."""
        await self._informer.wait_synced()
        self._informer.on_change(self._pod_changed)
        try:
            while True:
                await self._repair()
                await self._until_relist(_RELIST_PERIOD)
        finally:
            await self._stop()

    def wake(self, uid: str) -> None:
        """Look at one pod again."""
        if uid in self._workers:
            self._workers[uid].wake()

    def refresh(self, uid: str) -> None:
        """An object to which the pod refers has changed."""
        if uid in self._workers:
            self._workers[uid].refresh()

    def evict(self, uid: str, message: str, grace: int) -> None:
        """Have a pod leave the node for the reason of the message; it has `grace` seconds to end."""
        worker = self._workers.get(uid)
        if worker is not None:
            self._evictions.add(task := asyncio.create_task(worker.evict(message, grace)))
            task.add_done_callback(self._evictions.discard)

    def wake_all(self) -> None:
        """Look at every pod again, and at what the runtime has: events may have been missed."""
        self._relist.set()
        for worker in self._workers.values():
            worker.wake()

    def ended(self, runtime_id: str) -> None:
        """A container or sandbox has ended."""
        self.host.observer.note_end(runtime_id)
        self.wake(self.host.observer.owner(runtime_id))

    def pods(self) -> list[Object]:
        """Static pods, and all that the API has assigned to this node."""
        return [*self._static.values(), *(pod for pod in self._informer.list() if not is_mirror(pod))]

    def alive(self) -> list[Object]:
        """Those of them that have not run their course."""
        ended = ("Succeeded", "Failed")
        return [pod for pod in self.pods() if (pod.get("status") or {}).get("phase") not in ended]

    def find(self, namespace: str, name: str) -> Object | None:
        """The pod of that name."""
        key = f"{namespace}/{name}"
        return self._static.get(key) or self._informer.get(key)

    def in_api(self, pod: Object) -> Object | None:
        """The pod under which the API shows this one; None when it shows none."""
        return self._mirrors.of(pod) if is_static(pod) else pod

    def set_static(self, pods: Sequence[Object]) -> None:
        """These are the pods of the node's own files."""
        before, self._static = self._static, {_key(pod): pod for pod in pods}
        self._mirrors.keep(self._static)
        for key, old in before.items():
            stays = key in self._static and _uid(self._static[key]) == _uid(old)
            if not stays and _uid(old) in self._workers:
                self._workers[_uid(old)].lose(old)
        for pod in self._static.values():
            self._assign(pod)

    def _mirror_changed(self, mirror: Object) -> None:
        """The API shows a static pod anew: what it says of it goes on from there."""
        self._mirrors.wake()
        key = _key(mirror)
        static = self._static.get(key)
        if static is not None and self._mirrors.of(static) is not None:
            self._static[key] = static | {"status": mirror.get("status") or {}}
            self._workers[_uid(static)].update(self._static[key])
            self.wake(_uid(static))

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        known = new or old
        if known is not None and is_mirror(known):
            self._mirror_changed(known)
            return
        if old is not None and (new is None or _uid(old) != _uid(new)):
            worker = self._workers.get(_uid(old))
            if worker is not None:
                worker.lose(old)
        if new is not None:
            self._assign(new)

    def _assign(self, pod: Object) -> None:
        uid = _uid(pod)
        if uid in self._workers:
            self._workers[uid].update(pod)
            return
        worker = self._workers[uid] = PodWorker(self.host, pod)
        task = self._tasks[uid] = asyncio.create_task(worker.run(), name=f"pod {pod_name(pod)}")
        task.add_done_callback(lambda _: self._release(uid))

    def _release(self, uid: str) -> None:
        self._workers.pop(uid, None)
        self._tasks.pop(uid, None)

    async def _until_relist(self, limit: float) -> None:
        try:
            async with asyncio.timeout(limit):
                await self._relist.wait()
        except TimeoutError:
            return
        self._relist.clear()

    async def _repair(self) -> None:
        """Compare what the runtime has with what it had; wake those that differ, clear away strangers."""
        while True:
            try:
                found = await asyncio.gather(
                    self.host.runtime.list_pod_sandboxes(), self.host.runtime.list_containers()
                )
                break
            except CriError as fault:
                _log.debug("runtime not listed: %s", fault)
                await asyncio.sleep(_RELIST_RETRY)
        present = fingerprints(*found)
        for uid in present.keys() | self._fingerprints.keys():
            if present.get(uid) != self._fingerprints.get(uid):
                self.wake(uid)
        self._fingerprints = present
        for uid in self.host.tokens.due() | self.host.certificates.due():
            self.refresh(uid)
        for uid in strangers(self.host, present) - self._workers.keys() - self._orphans.keys():
            self._orphans[uid] = asyncio.create_task(self._clear_away(uid))

    async def _clear_away(self, uid: str) -> None:
        """Remove a pod that only this node still knows: it was deleted while nobody looked."""
        host = self.host
        try:
            seen = await host.observer.observe(uid)
            if seen.containers or seen.sandboxes:
                _log.info("pod %s is not in the API any more: removed", uid)
            await kill_pod(host, None, seen, _ORPHAN_GRACE)
            await remove_pod(host, uid, await host.observer.observe(uid))
        except (CriError, OSError) as fault:
            _log.warning("remains of pod %s not removed: %s", uid, fault)
        finally:
            host.observer.forget(uid)
            del self._orphans[uid]

    async def _stop(self) -> None:
        tasks = [*self._tasks.values(), *self._orphans.values(), *self._evictions]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def strangers(host: Host, runtime: Iterable[str]) -> set[str]:
    """Uids that the runtime, the disk or the cgroups know; those of pods are among them."""
    config = host.config
    found = set(runtime)
    if config.pods_dir.is_dir():
        found |= {entry.name for entry in config.pods_dir.iterdir()}
    if config.logs_dir.is_dir():
        found |= {entry.name.rpartition("_")[2] for entry in config.logs_dir.iterdir()}
    for quality in ("guaranteed", "burstable", "besteffort"):
        names = host.cgroups.children(f"{config.cgroup_root}/{quality}")
        found |= {name.removeprefix("pod") for name in names if name.startswith("pod")}
    return found


def _key(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _uid(pod: Object) -> str:
    return str(pod["metadata"]["uid"])
