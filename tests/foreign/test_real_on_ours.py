"""The real kube-controller-manager and kube-scheduler on our API server, which has no controllers of its own.

They elect leaders, follow all collections, and stories end as they end beside kube-apiserver.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf, write_kubeconfig
from proa.kube import LEASES, NODES, PODS, SERVICE_ACCOUNTS, HttpClient, load_config
from support.api_process import api_process
from support.real_kubernetes import controllers, missing_programs
from support.server import eventually
from support.stories import timeless
from support.stories.told import ALL, GOLDEN, clean
from support.workloads import Workloads, workload

_MISSING = missing_programs()
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING} (set PROA_PEERS)"),
    pytest.mark.asyncio(loop_scope="module"),
]
_STORIES = (
    "claims_go_with_their_pods",
    "an_index_fails_for_itself",
    "a_run_that_was_missed",
    "a_token_for_an_account",
    "endpoints_that_somebody_wrote",
    "a_budget_of_a_deployment",
)
_KNOWN = (
    "The manifest file is empty",
    "legacy-service-account-token-tracking",  # we do not note when tokens of secrets are used
    "is not as new as written version",  # it looked before its cache had what it wrote
    "the object has been modified",
    "Status after running PostFilter plugins",
    "not found",
    "found no controllers for pod",  # a budget outlives the Deployment of its pods for a moment
)
"""What these programs log as errors beside kube-apiserver too."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """Where the programs live and log."""
    folder = tmp_path_factory.mktemp("ours")
    async with api_process(folder) as api:
        authority, admin = Authority.open(folder), KeyPair.at(folder, "admin")
        authority.issue(Leaf("admin", ("system:masters",)), admin)
        write_kubeconfig(folder / "kubeconfig", api.url, authority.files.certificate, admin, "admin")
        with controllers(folder, folder / "service.key"):
            yield folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(folder: Path) -> AsyncIterator[Workloads]:
    client = HttpClient(load_config(folder / "kubeconfig"))
    try:
        yield Workloads(client, quiet=2.0)
    finally:
        await client.close()


async def has_account(world: Workloads) -> bool:
    accounts = (await world.client.list(SERVICE_ACCOUNTS, "default"))["items"]
    return any(account["metadata"]["name"] == "default" for account in accounts)


async def test_they_elect_leaders(world: Workloads) -> None:
    async def both() -> bool:
        leases = (await world.client.list(LEASES, "kube-system"))["items"]
        held = {one["metadata"]["name"] for one in leases if one["spec"].get("holderIdentity")}
        return held >= {"kube-controller-manager", "kube-scheduler"}

    await eventually(both, "leases of both")


@pytest.mark.parametrize("name", _STORIES)
async def test_the_end_is_that_of_the_real_server(world: Workloads, name: str) -> None:
    expected = json.loads(GOLDEN.read_text())[name]
    try:
        assert timeless(await ALL[name](world)) == expected
    finally:
        await clean(world)


async def test_pods_are_bound_and_nothing_is_said_against_us(world: Workloads, folder: Path) -> None:
    await eventually(lambda: has_account(world), "the default service account")
    await world.add_node("roomy")
    room = {"cpu": "4", "memory": "8Gi", "pods": "10"}
    status = {"status": {"capacity": room, "allocatable": room}}
    await world.client.patch(NODES, "roomy", status, subresource="status")
    await world.client.create(
        PODS, {"metadata": {"name": "p"}, "spec": workload("x")["spec"]["template"]["spec"]}, "default"
    )

    async def bound() -> bool:
        return bool((await world.get(PODS, "p"))["spec"].get("nodeName") == "roomy")

    await eventually(bound, "a bound pod")
    await clean(world)
    logs = [(folder / f"{name}.log").read_text() for name in ("kube-controller-manager", "kube-scheduler")]
    errors = re.findall(r"^E.*$", "\n".join(logs), re.MULTILINE)
    assert [line for line in errors if not any(known in line for known in _KNOWN)] == []
