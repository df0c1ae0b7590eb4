"""Pods are not held for a Job that no longer counts them: one that is gone, over, or not theirs any more."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from proa.cluster.controllers.adoption import Adopter
from proa.cluster.controllers.job_tracking import FINALIZER, is_tracked
from proa.cluster.controllers.job_verdict import is_over
from proa.cluster.controllers.workload_kinds import JOBS
from proa.errors import NotFound
from proa.kube import PODS, Client, Manager, Object, controller_of, key_of
from proa.kube.finalizers import set_finalizer


class JobFinalizers:
    """Reconciles pods."""

    def __init__(self, manager: Manager, adopter: Adopter) -> None:
        self._client = manager.client
        self._adopter = adopter
        self.jobs, self.pods = manager.informer(JOBS), manager.informer(PODS)

    async def reconcile(self, key: str) -> None:
        """Take the finalizer off, unless a Job still has to count the pod."""
        pod = self.pods.get(key)
        if pod is not None and is_tracked(pod) and not await self._is_awaited(pod):
            await release(self._client, pod)

    async def _is_awaited(self, pod: Object) -> bool:
        reference = controller_of(pod)
        if reference is None or reference["kind"] != JOBS.kind:
            return False
        namespace = pod["metadata"]["namespace"]
        job = self.jobs.get(f"{namespace}/{reference['name']}")
        if job is None or job["metadata"]["uid"] != reference["uid"]:
            try:
                job = await self._client.get(JOBS, reference["name"], namespace)
            except NotFound:
                return False
        return bool(job["metadata"]["uid"] == reference["uid"]) and not is_over(job)

    def of_job(self, job: Object) -> Iterable[str]:
        """Keys of the Job's pods, when it no longer counts them."""
        current = self.jobs.get(key_of(job))
        if current is not None and not is_over(current):
            return ()
        return map(key_of, self._adopter.held_by(job["metadata"]["uid"]))


async def release(client: Client, pod: Object) -> None:
    """Take the finalizer off. Raises Conflict when the pod was changed since it was read."""
    with suppress(NotFound):
        await set_finalizer(client, PODS, pod, FINALIZER, wanted=False)
