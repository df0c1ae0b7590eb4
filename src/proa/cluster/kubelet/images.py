"""Images for containers: pull policy, registry credentials, back-off (source: pkg/kubelet/images)."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Sequence

from proa.cluster.kubelet.backoff import Backoff
from proa.cluster.kubelet.cri import CriError, Image, Images
from proa.cluster.kubelet.pods import field_path
from proa.cluster.kubelet.problems import ContainerProblem
from proa.cluster.kubelet.pull_credentials import Credential, credentials
from proa.cluster.kubelet.pull_records import PullRecords
from proa.kube import EventRecorder, Object

_log = logging.getLogger(__name__)

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d+)?"
_NAME = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[\w][\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?")


def check_name(name: str) -> None:
    """Raise ContainerProblem InvalidImageName for what no registry could have."""
    if not _NAME.fullmatch(name):
        raise ContainerProblem(
            "InvalidImageName",
            f'Failed to apply default image tag "{name}": couldn\'t parse image name "{name}":'
            " invalid reference format",
        )


class ImageManager:
    """Has the image of a container present before the container is made."""

    def __init__(self, images: Images, events: EventRecorder, records: PullRecords) -> None:
        self._images = images
        self._records = records
        self._events = events
        self._backoff = Backoff()
        self._failed: dict[str, tuple[float, ContainerProblem]] = {}
        self._pulls: dict[str, asyncio.Task[str]] = {}

    async def ensure(self, pod: Object, container: Object, secrets: list[Object]) -> Image:
        """The image, pulled if policy or access to it ask for that. Raises ContainerProblem."""
        name, policy = container["image"], container.get("imagePullPolicy") or "IfNotPresent"
        check_name(name)
        present = await self._present(name)
        found = list(credentials(name, secrets))
        if present and policy != "Always" and self._records.may_use(name, present.id, found):
            message = f'Container image "{name}" already present on machine and can be accessed by the pod'
            await self._event(pod, container, "Normal", "Pulled", message)
            return present
        if policy == "Never":
            message = f'Container image "{name}" is not present with pull policy of Never'
            await self._event(pod, container, "Warning", "ErrImageNeverPull", message)
            raise ContainerProblem("ErrImageNeverPull", message)
        return await self._pull(pod, container, found)

    def retry_after(self, pod: Object, container: Object) -> float:
        """Seconds until a failed pull may be tried again."""
        key = _key(pod, container)
        since, _ = self._failed.get(key, (0.0, None))
        return self._backoff.remaining(key, since, time.monotonic())

    def forget(self, uid: str) -> None:
        """The pod is gone; drop what is remembered about its pulls."""
        prefix = f"{uid}/"
        for key in [k for k in self._failed if k.startswith(prefix)]:
            del self._failed[key]
            self._backoff.forget(key)

    async def _present(self, name: str) -> Image | None:
        try:
            return await self._images.status(name)
        except CriError as fault:
            raise ContainerProblem(
                "ImageInspectError", f'Failed to inspect image "{name}": {fault}'
            ) from fault

    async def _pull(self, pod: Object, container: Object, shown: Sequence[Credential]) -> Image:
        name, key = container["image"], _key(pod, container)
        if self.retry_after(pod, container):
            message = f'Back-off pulling image "{name}"'
            await self._event(pod, container, "Normal", "BackOff", message)
            await self._event(pod, container, "Warning", "Failed", "Error: ImagePullBackOff")
            last = self._failed[key][1]
            raise ContainerProblem("ImagePullBackOff", f"{message}: {last.reason}: {last.message}")
        await self._event(pod, container, "Normal", "Pulling", f'Pulling image "{name}"')
        started = time.monotonic()
        try:
            image = await self._recorded_pull(name, shown)
        except CriError as fault:
            raise await self._failure(pod, container, fault) from fault
        self._failed.pop(key, None)
        self._backoff.forget(key)
        took = time.monotonic() - started
        message = f'Successfully pulled image "{name}" in {took:.3g}s. Image size: {image.size} bytes.'
        await self._event(pod, container, "Normal", "Pulled", message)
        return image

    async def _failure(self, pod: Object, container: Object, fault: CriError) -> ContainerProblem:
        name, key, now = container["image"], _key(pod, container), time.monotonic()
        problem = ContainerProblem("ErrImagePull", str(fault))
        self._backoff.step(key, now)
        self._failed[key] = (now, problem)
        await self._event(pod, container, "Warning", "Failed", f'Failed to pull image "{name}": {fault}')
        await self._event(pod, container, "Warning", "Failed", "Error: ErrImagePull")
        return problem

    async def _recorded_pull(self, name: str, shown: Sequence[Credential]) -> Image:
        """Pull, and keep on record what the registry was shown for it."""
        self._records.begin(name)
        try:
            used = await self._pull_with(name, shown) if shown else None
            reference = used[1] if used else await self._shared_pull(name)
            image = await self._images.status(reference) or await self._images.status(name)
            if image is None:
                raise ContainerProblem("ErrImagePull", f'image "{name}" vanished after it was pulled')
            self._records.note(name, image.id, used[0] if used else None)
        except CriError:
            self._records.end(name)
            raise
        self._records.end(name)
        return image

    async def _shared_pull(self, name: str) -> str:
        """Pull once however many containers wait for the same image without credentials of their own."""
        if name not in self._pulls:
            task = asyncio.create_task(self._images.pull(name))
            task.add_done_callback(lambda _: self._pulls.pop(name, None))
            self._pulls[name] = task
        return await asyncio.shield(self._pulls[name])

    async def _pull_with(self, name: str, shown: Sequence[Credential]) -> tuple[Credential, str]:
        """Try each credential until the registry accepts one: that one, and the image's reference."""
        for credential in shown[:-1]:
            try:
                return credential, await self._images.pull(name, credential.auth)
            except CriError as fault:
                _log.debug("pull of %s with one of its secrets: %s", name, fault)
        return shown[-1], await self._images.pull(name, shown[-1].auth)

    async def _event(self, pod: Object, container: Object, kind: str, reason: str, message: str) -> None:
        await self._events.event(pod, kind, reason, message, field_path=field_path(pod, container))


def _key(pod: Object, container: Object) -> str:
    return f"{pod['metadata']['uid']}/{container['image']}"
