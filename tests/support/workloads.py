"""Workloads for tests of their controllers, and the part of a kubelet that controllers see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from proa.cluster import controllers
from proa.cluster.apiserver.local import LocalClient
from proa.cluster.apiserver.tokens import TokenSigner
from proa.cluster.controllers.arguments import with_arguments
from proa.errors import NotFound
from proa.kube import (
    EVENTS,
    NODES,
    PODS,
    SERVICE_ACCOUNTS,
    Client,
    Object,
    Resource,
    controller_of,
    is_deleting,
    now,
)
from support.objects import node
from support.server import api_server, eventually, running

NAMESPACE = "default"


def template(image: str = "web:1", **spec: Any) -> Object:
    """A pod template with the label that `workload` selects."""
    labels = {"app": "web"} | spec.pop("labels", {})
    return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]} | spec}


def workload(kind: str, name: str = "web", **spec: Any) -> Object:
    """A workload of apps/v1 that selects app=web."""
    defaults: Object = {"selector": {"matchLabels": {"app": "web"}}, "template": template()}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": defaults | spec,
    }


class Workloads:
    """Objects of the default namespace, and pods made to look as a kubelet would make them look.

    `quiet` is for how many seconds the controllers may be silent while they have something to say.
    """

    def __init__(self, client: Client, quiet: float = 0.3) -> None:
        self.client = client
        self.quiet = quiet

    async def create(self, resource: Resource, obj: Object) -> Object:
        await eventually(self._account)
        return await self.client.create(resource, obj, NAMESPACE)

    async def get(self, resource: Resource, name: str = "web") -> Object:
        return await self.client.get(resource, name, NAMESPACE)

    async def patch(
        self, resource: Resource, patch: Object, name: str = "web", subresource: str = ""
    ) -> Object:
        return await self.client.patch(resource, name, patch, NAMESPACE, subresource=subresource)

    async def all(self, resource: Resource) -> list[Object]:
        found = (await self.client.list(resource, NAMESPACE))["items"]
        return sorted(found, key=lambda obj: str(obj["metadata"]["name"]))

    async def pods(self, count: int) -> list[Object]:
        """The pods that are not ending, as soon as there are so many."""

        async def enough() -> list[Object] | None:
            found = [pod for pod in await self.all(PODS) if not is_deleting(pod)]
            return [*found, {}] if len(found) == count else None

        return list(await eventually(enough, f"{count} pods"))[:-1]

    async def set_phase(self, pod: Object, phase: str, *, ready: bool = False, **status: Any) -> None:
        """What a kubelet reports."""
        condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": now()}
        report = {"phase": phase, "conditions": [condition]} | status
        await self.patch(PODS, {"status": report}, pod["metadata"]["name"], "status")

    async def run_pods(self, **wanted: Any) -> None:
        """Make every pending pod ready, and let deleted ones go."""
        for pod in await self.all(PODS):
            if is_deleting(pod):
                await self.remove(pod)
            elif pod["status"]["phase"] == "Pending":
                await self.set_phase(pod, "Running", ready=True, **wanted)

    async def add_node(self, name: str, **more: Any) -> Object:
        """A node that is ready."""
        made = {k: v for k, v in node(name, **more).items() if k != "status"}
        del made["metadata"]["uid"]
        await self.client.create(NODES, made)
        status = {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": now()}]}
        return await self.client.patch(NODES, name, {"status": status}, subresource="status")

    async def bind(self, pod: Object, node_name: str) -> None:
        """As the scheduler does."""
        name = pod["metadata"]["name"]
        binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": node_name}}
        await self.client.create(PODS, binding, NAMESPACE, name=name, subresource="binding")

    async def remove(self, pod: Object) -> None:
        """As when a kubelet has ended the pod."""
        try:
            await self.client.delete(PODS, pod["metadata"]["name"], NAMESPACE, grace_period_seconds=0)
        except NotFound:
            return

    async def status(self, resource: Resource, name: str = "web", **wanted: Any) -> Object:
        """The object as soon as its status has these values; 0 stands for absence too."""

        async def reached() -> Object | None:
            obj = await self.get(resource, name)
            status = obj.get("status") or {}
            return obj if all(status.get(k, 0) == v for k, v in wanted.items()) else None

        return dict(await eventually(reached, f"{resource.kind} {name} {wanted}"))

    async def roll(self, resource: Resource, name: str = "web", **wanted: Any) -> Object:
        """As `status`, while pods become ready."""

        async def reached() -> Object | None:
            await self.run_pods()
            obj = await self.get(resource, name)
            status = obj.get("status") or {}
            return obj if all(status.get(k, 0) == v for k, v in wanted.items()) else None

        return dict(await eventually(reached, f"{resource.kind} {name} {wanted}"))

    async def events(self, kind: str) -> list[tuple[str, str]]:
        """Reason and message of the events about objects of a kind."""
        found = (await self.client.list(EVENTS))["items"]
        return [(e["reason"], e["message"]) for e in found if e["involvedObject"]["kind"] == kind]

    async def event(self, kind: str, reason: str, message: str) -> None:
        """Wait until the event is there."""

        async def recorded() -> bool:
            return (reason, message) in await self.events(kind)

        await eventually(recorded, f"{reason}: {message}")

    async def owned(self, resource: Resource, owner: Object) -> list[Object]:
        uid = owner["metadata"]["uid"]
        return [o for o in await self.all(resource) if (controller_of(o) or {}).get("uid") == uid]

    async def _account(self) -> bool:
        try:
            await self.client.get(SERVICE_ACCOUNTS, "default", NAMESPACE)
        except NotFound:
            return False
        return True


async def _metrics(client: LocalClient, path: str, query: Mapping[str, str]) -> Object:
    """What an aggregated API answers, or a custom resource in its place."""
    _, _, group, version, *more = path.split("/")
    if len(more) == 3:
        resource = Resource(group, version, more[2], "PodMetrics")
        with suppress(NotFound):
            return await client.list(resource, more[1], label_selector=query.get("labelSelector", ""))
    return await client.read(path, query)


@asynccontextmanager
async def workloads(folder: Path, arguments: Sequence[str] = ()) -> AsyncIterator[Workloads]:
    """A server beside which all controllers run, with their usual times or what these arguments say."""
    async with api_server(folder) as server:
        client = server.client()
        signer = TokenSigner((folder / "service.key").read_bytes(), "https://kubernetes.default.svc")
        config = controllers.ControllersConfig(
            lasting_token=signer.sign_lasting,
            root_ca=(folder / "ca.crt").read_text(),
            read_metrics=partial(_metrics, client),
        )
        config = with_arguments(config, arguments)
        async with running(client, lambda manager: controllers.setup(manager, config)):
            yield Workloads(client)
