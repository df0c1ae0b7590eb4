"""ResourceQuota at admission: what is refused, with upstream's words, and that nothing slips through."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proa.cluster.quota.amounts import amount, total, written
from proa.errors import AlreadyExists, Forbidden
from proa.kube import (
    CONFIG_MAPS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    Client,
    Object,
    Resource,
)
from proa.kube.resources import RESOURCE_QUOTAS
from support.server import api_server


def pod(name: str = "p", cpu: str = "", **spec: Any) -> Object:
    resources = {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}} if cpu else {}
    container = {"name": "c", "image": "i", "resources": resources}
    return {"metadata": {"name": name}, "spec": {"containers": [container]} | spec}


def service(kind: str, ports: int = 1) -> Object:
    listed = [{"name": f"p{n}", "port": 80 + n} for n in range(ports)]
    return {"metadata": {"name": "s"}, "spec": {"type": kind, "ports": listed}}


def claim(size: str, cls: str = "fast") -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"metadata": {"name": "v"}, "spec": spec | {"storageClassName": cls}}


async def limit(client: Client, hard: Object, name: str = "q", **spec: Any) -> None:
    await client.create(
        RESOURCE_QUOTAS, {"metadata": {"name": name}, "spec": {"hard": hard} | spec}, "default"
    )


REFUSALS: dict[str, tuple[Object, Resource, Object, str]] = {
    "number of pods": (
        {"hard": {"pods": "0"}},
        PODS,
        pod(),
        'pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0',
    ),
    "several names at once": (
        {"hard": {"requests.cpu": "1", "limits.cpu": "1500m", "pods": "5"}},
        PODS,
        pod(cpu="2"),
        (
            'pods "p" is forbidden: exceeded quota: q, requested: limits.cpu=2,requests.cpu=2, '
            "used: limits.cpu=0,requests.cpu=0, limited: limits.cpu=1500m,requests.cpu=1"
        ),
    ),
    "what has to be said": (
        {"hard": {"requests.cpu": "1", "limits.memory": "1Gi"}},
        PODS,
        pod(),
        'pods "p" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c',
    ),
    "count of a core kind": (
        {"hard": {"count/configmaps": "0"}},
        CONFIG_MAPS,
        {"metadata": {"name": "c"}},
        (
            'configmaps "c" is forbidden: exceeded quota: q, requested: count/configmaps=1, '
            "used: count/configmaps=0, limited: count/configmaps=0"
        ),
    ),
    "secrets by plural": (
        {"hard": {"secrets": "0"}},
        SECRETS,
        {"metadata": {"name": "c"}},
        (
            'secrets "c" is forbidden: exceeded quota: q, requested: secrets=1, used: secrets=0, '
            "limited: secrets=0"
        ),
    ),
    "node ports": (
        {"hard": {"services.nodeports": "1"}},
        SERVICES,
        service("NodePort", 2),
        (
            'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=2, '
            "used: services.nodeports=0, limited: services.nodeports=1"
        ),
    ),
    "load balancers": (
        {"hard": {"services.loadbalancers": "0"}},
        SERVICES,
        service("LoadBalancer"),
        (
            'services "s" is forbidden: exceeded quota: q, requested: services.loadbalancers=1, '
            "used: services.loadbalancers=0, limited: services.loadbalancers=0"
        ),
    ),
    "storage of a class": (
        {"hard": {"fast.storageclass.storage.k8s.io/requests.storage": "1Gi", "requests.storage": "9Gi"}},
        PERSISTENT_VOLUME_CLAIMS,
        claim("2Gi"),
        (
            'persistentvolumeclaims "v" is forbidden: exceeded quota: q, requested: '
            "fast.storageclass.storage.k8s.io/requests.storage=2Gi, "
            "used: fast.storageclass.storage.k8s.io/requests.storage=0, "
            "limited: fast.storageclass.storage.k8s.io/requests.storage=1Gi"
        ),
    ),
    "extended resources": (
        {"hard": {"requests.example.com/gpu": "1"}},
        PODS,
        {
            "metadata": {"name": "p"},
            "spec": {
                "containers": [{"name": "c", "image": "i", "resources": {"limits": {"example.com/gpu": "2"}}}]
            },
        },
        (
            'pods "p" is forbidden: exceeded quota: q, requested: requests.example.com/gpu=2, '
            "used: requests.example.com/gpu=0, limited: requests.example.com/gpu=1"
        ),
    ),
    "a scope that holds": (
        {"hard": {"pods": "0"}, "scopes": ["BestEffort"]},
        PODS,
        pod(),
        'pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0',
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_quota_refuses_in_upstreams_words(tmp_path: Path, name: str) -> None:
    spec, resource, obj, message = REFUSALS[name]
    async with api_server(tmp_path) as server:
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        await limit(client, **spec)

        with pytest.raises(Forbidden) as raised:
            await client.create(resource, obj, "default")

        assert raised.value.message == message


OUT_OF_SCOPE: dict[str, tuple[Object, Object]] = {
    "another scope": ({"scopes": ["NotBestEffort"]}, pod()),
    "a deadline": ({"scopes": ["NotTerminating"]}, pod(activeDeadlineSeconds=5)),
    "another class": (
        {
            "scopeSelector": {
                "matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]
            }
        },
        pod(),
    ),
}


@pytest.mark.parametrize("name", OUT_OF_SCOPE)
async def test_a_pod_out_of_scope_is_not_limited(tmp_path: Path, name: str) -> None:
    spec, obj = OUT_OF_SCOPE[name]
    async with api_server(tmp_path) as server:
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        await limit(client, {"pods": "0"}, **spec)

        assert await client.create(PODS, obj, "default")


async def test_an_update_counts_what_it_adds(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        client = server.client()
        await limit(client, {"services.nodeports": "3"})
        await client.create(SERVICES, service("NodePort", 2), "default")

        more = service("NodePort", 3)["spec"]
        await client.patch(SERVICES, "s", {"spec": more}, "default")
        with pytest.raises(Forbidden, match=r"requested: services\.nodeports=1, used: services\.nodeports=3"):
            await client.patch(SERVICES, "s", {"spec": service("NodePort", 4)["spec"]}, "default")
        await client.patch(SERVICES, "s", {"spec": service("NodePort", 1)["spec"]}, "default")


async def test_deletes_failures_and_finished_pods_give_back(tmp_path: Path) -> None:
    async with api_server(tmp_path) as server:
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        await limit(client, {"pods": "1"})
        await client.create(PODS, pod("a"), "default")
        with pytest.raises(Forbidden):
            await client.create(PODS, pod("b"), "default")
        await client.delete(PODS, "a", "default")
        await client.create(PODS, pod("b"), "default")
        await client.patch(PODS, "b", {"status": {"phase": "Succeeded"}}, "default", subresource="status")
        await client.create(PODS, pod("c"), "default")


@given(
    most=st.integers(0, 6),
    names=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=14),
    deleted=st.sets(st.sampled_from("abcdefgh")),
)
@settings(max_examples=15, deadline=None)
def test_concurrent_creates_never_exceed_a_quota(
    tmp_path_factory: pytest.TempPathFactory, most: int, names: list[str], deleted: set[str]
) -> None:
    """As many are stored as may be, no more; each refusal is of the quota or of a name that is taken."""
    asyncio.run(_race(tmp_path_factory.mktemp("race"), most, names, deleted))


async def _race(folder: Path, most: int, names: list[str], deleted: set[str]) -> None:
    async with api_server(folder) as server:
        client = server.client()
        await limit(client, {"count/configmaps": str(most)})
        ends: Counter[str] = Counter()

        async def create(name: str) -> None:
            try:
                await client.create(CONFIG_MAPS, {"metadata": {"name": name}}, "default")
                ends["stored"] += 1
            except Forbidden:
                ends["over"] += 1
            except AlreadyExists:
                ends["taken"] += 1

        async def held() -> set[str]:
            return {m["metadata"]["name"] for m in (await client.list(CONFIG_MAPS, "default"))["items"]}

        await asyncio.gather(*map(create, names))
        now = await held()
        assert len(now) == ends["stored"] <= most
        for name in now & deleted:
            await client.delete(CONFIG_MAPS, name, "default")
        await asyncio.gather(*map(create, names))
        # A second create of a name under way counts until its name is found taken, as upstream.
        distinct = len(set(names)) == len(names)
        wanted = min(most, len(set(names)))
        assert len(await held()) == wanted if distinct else len(await held()) <= wanted


def test_sums_are_written_as_their_first_part() -> None:
    parts = [{"memory": amount("0")}, {"memory": amount("512Mi")}, {"memory": amount("1G")}]

    assert written(total(parts)) == {"memory": "1536870912"}
    assert written(total([{"a": amount("1Gi")}, {"a": amount("1Gi")}])) == {"a": "2Gi"}
    assert written({"cpu": amount("1500m"), "x": amount(3)}) == {"cpu": "1500m", "x": "3"}
