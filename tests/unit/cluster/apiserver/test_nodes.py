"""What pods refer to, and what follows from it for their node."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.apiserver import ApiServer
from proa.cluster.apiserver.nodes.references import references
from proa.errors import Forbidden
from proa.kube import CONFIG_MAPS, PODS, SECRETS, Object
from support.server import eventually

CONTAINER = {"name": "c", "image": "i"}


def pod(name: str, node: str = "n1", **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"nodeName": node, "containers": [CONTAINER], **spec}}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"imagePullSecrets": [{"name": "s"}]}, ("secrets", "s")),
        ({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}, ("secrets", "s")),
        ({"volumes": [{"name": "v", "csi": {"nodePublishSecretRef": {"name": "s"}}}]}, ("secrets", "s")),
        (
            {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "c"}}]}}]},
            ("configmaps", "c"),
        ),
        ({"volumes": [{"name": "v", "ephemeral": {}}]}, ("persistentvolumeclaims", "p-v")),
        ({"initContainers": [{"envFrom": [{"configMapRef": {"name": "c"}}]}]}, ("configmaps", "c")),
        ({"containers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "s"}}}]}]}, ("secrets", "s")),
        ({"serviceAccountName": "a"}, ("serviceaccounts", "a")),
    ],
)
def test_references(spec: Object, expected: tuple[str, str]) -> None:
    obj = {"metadata": {"name": "p"}, "spec": spec}
    assert references(obj) == {expected}
    assert references({**obj, "metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}}) == set()


async def test_a_node_reads_a_secret_as_long_as_a_pod_of_its_needs_it(server: ApiServer) -> None:
    client, node = server.client(), server.client("system:node:n1", ("system:nodes",))
    await client.create(SECRETS, {"metadata": {"name": "s"}}, "default")
    uses: dict[str, Any] = {"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}
    for name in ("a", "b"):
        await client.create(PODS, pod(name, **uses), "default")

    async def may_read() -> bool:
        try:
            return bool(await node.get(SECRETS, "s", "default"))
        except Forbidden:
            return False

    async def may_not() -> bool:
        return not await may_read()

    await eventually(may_read)
    await client.delete(PODS, "a", "default", grace_period_seconds=0)
    assert await may_read()
    await client.delete(PODS, "b", "default", grace_period_seconds=0)
    await eventually(may_not)


async def test_another_node_s_pods_give_nothing(server: ApiServer) -> None:
    client, node = server.client(), server.client("system:node:n1", ("system:nodes",))
    await client.create(SECRETS, {"metadata": {"name": "s"}}, "default")
    uses: dict[str, Any] = {"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}
    await client.create(PODS, pod("a", "n2", **uses), "default")
    with pytest.raises(Forbidden, match="no relationship found"):
        await node.get(SECRETS, "s", "default")
    with pytest.raises(Forbidden, match="only list/watch pods with spec.nodeName"):
        await node.list(PODS)
    assert (await node.list(PODS, field_selector="spec.nodeName=n1"))["items"] == []


async def test_the_agent_reads_its_own_config_map_and_no_other(server: ApiServer) -> None:
    agent = server.client("proa:agent:n1", ("proa:agents",))
    wanted = "metadata.name=local-path-config"
    assert (await agent.list(CONFIG_MAPS, "kube-system", field_selector=wanted))["items"] == []
    with pytest.raises(Forbidden):
        await agent.list(CONFIG_MAPS, "kube-system")
    assert (await agent.list(PODS))["items"] == []
    with pytest.raises(Forbidden):
        await agent.list(SECRETS)
