"""The kubelet's HTTPS port and its node object."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proa.kube import LEASES, NODES, SERVICE_ACCOUNTS, Resource, find_condition
from support.containerd import Containerd, running_containerd
from support.kubelet_lab import KubeletLab, container, kubelet_lab

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture(scope="module")
def containerd() -> Iterator[Containerd]:
    with running_containerd() as made:
        yield made


@pytest.fixture
async def lab(containerd: Containerd, tmp_path: Path) -> AsyncIterator[KubeletLab]:
    async with kubelet_lab(containerd, tmp_path) as made:
        yield made


async def test_the_node_describes_the_machine(lab: KubeletLab) -> None:
    node = await lab.api.get(NODES, lab.name)
    status = node["status"]
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == lab.name
    assert status["capacity"]["pods"] == "110"
    assert {a["type"]: a["address"] for a in status["addresses"]} == {
        "InternalIP": "127.0.0.1",
        "Hostname": lab.name,
    }
    assert status["nodeInfo"]["containerRuntimeVersion"].startswith("containerd://")
    assert status["daemonEndpoints"]["kubeletEndpoint"]["Port"] == lab.port
    conditions = {c["type"]: c["status"] for c in status["conditions"]}
    assert conditions["Ready"] == "True"
    assert conditions["PIDPressure"] == "False"
    lease = await lab.api.get(LEASES, lab.name, "kube-node-lease")
    assert lease["spec"]["holderIdentity"] == lab.name
    assert lease["metadata"]["ownerReferences"][0]["uid"] == node["metadata"]["uid"]


async def test_a_node_without_pod_network_is_not_ready(lab: KubeletLab) -> None:
    (conf,) = (lab.base / "net.d").iterdir()
    text = conf.read_text()
    conf.unlink()
    try:

        async def unready() -> bool:
            ready = find_condition(await lab.api.get(NODES, lab.name), "Ready")
            return ready is not None and "NetworkPluginNotReady" in ready.get("message", "")

        await lab.eventually(unready, lambda: "the node stays Ready without a pod network")
    finally:
        conf.write_text(text)


async def test_only_the_api_server_and_administrators_may_ask(lab: KubeletLab) -> None:
    assert (await lab.ask("/healthz"))[0] == 200
    assert (await lab.ask("/healthz", user="admin")) == (200, "ok")
    assert (await lab.ask("/healthz", user="stranger"))[0] == 403
    assert (await lab.ask("/logs/"))[0] == 200
    assert (await lab.ask("/logs/..%2f..%2fetc/passwd"))[0] == 404
    assert (await lab.ask("/logs/", user="stranger"))[0] == 403


async def test_a_service_account_reads_numbers_by_its_token(lab: KubeletLab) -> None:
    group = "rbac.authorization.k8s.io"
    roles = Resource(group, "v1", "clusterroles", "ClusterRole", namespaced=False)
    bindings = Resource(group, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
    rule = {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]}
    await lab.api.create(roles, {"metadata": {"name": "scraper"}, "rules": [rule]})
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": "default"}
    role = {"apiGroup": group, "kind": "ClusterRole", "name": "scraper"}
    await lab.api.create(bindings, {"metadata": {"name": "scraper"}, "subjects": [subject], "roleRef": role})
    made = await lab.api.create(
        SERVICE_ACCOUNTS, {"spec": {}}, "default", name="default", subresource="token"
    )
    token = made["status"]["token"]
    status, text = await lab.ask("/metrics/resource", user="", token=token)
    assert (status, "node_cpu_usage_seconds_total" in text) == (200, True)
    assert (await lab.ask("/pods", user="", token=token))[0] == 403
    assert await lab.ask("/metrics/resource", user="", token="nobody's") == (401, "Unauthorized")
    assert await lab.ask("/metrics/resource", user="") == (401, "Unauthorized")


async def test_logs_as_asked_for(lab: KubeletLab) -> None:
    await lab.create("talks", container("for i in 1 2 3; do echo line $i; done; sleep 1000000"))
    await lab.wait_running("talks")
    (running,) = json.loads((await lab.ask("/runningpods"))[1])["items"]
    assert (running["metadata"]["name"], running["spec"]["containers"][0]["name"]) == ("talks", "main")
    assert await lab.lines("talks", 3) == ["line 1", "line 2", "line 3"]
    assert await lab.log("talks", tailLines="2") == "line 2\nline 3\n"
    assert await lab.log("talks", limitBytes="4") == "line"
    assert await lab.log("talks", sinceSeconds="3600", tailLines="1") == "line 3\n"
    first = (await lab.log("talks", timestamps="true")).splitlines()[0]
    assert first.endswith("Z line 1")
    assert await lab.log("talks", sinceTime="2100-01-01T00:00:00Z") == ""


async def test_followed_logs_end_with_the_container(lab: KubeletLab) -> None:
    await lab.create("ends", container("echo one; sleep 1; echo two"), restartPolicy="Never")
    await lab.wait_phase("ends", "Running")
    assert await lab.log("ends", follow="true") == "one\ntwo\n"


async def test_the_log_of_the_attempt_before(lab: KubeletLab) -> None:
    await lab.create("again", container("echo attempt; exit 1"))
    await lab.wait(
        "again", lambda p: any(c["restartCount"] for c in p["status"].get("containerStatuses", ()))
    )
    assert await lab.log("again", previous="true") == "attempt\n"


async def test_logs_that_are_not_there(lab: KubeletLab) -> None:
    await lab.create("quiet")
    await lab.wait_running("quiet")
    assert await lab.ask("/containerLogs/default/nobody/main") == (404, 'pod "nobody" does not exist')
    status, text = await lab.ask("/containerLogs/default/quiet/main", previous="true")
    assert (status, text) == (400, 'previous terminated container "main" in pod "quiet" not found')
    assert (await lab.ask("/containerLogs/default/quiet/main", tailLines="-1"))[0] == 400


async def test_usage_of_a_pod_is_told(lab: KubeletLab) -> None:
    mounts = [{"name": "d", "mountPath": "/d"}]
    busy = "dd if=/dev/zero of=/d/x bs=1M count=3 2>/dev/null; i=0; while :; do i=$((i+1)); done"
    await lab.create("busy", container(busy, volumeMounts=mounts), volumes=[{"name": "d", "emptyDir": {}}])
    await lab.wait_running("busy")
    names = 'container="main",namespace="default",pod="busy"'

    async def used() -> bool:
        _, text = await lab.ask("/metrics/resource")
        lines = dict(line.split()[:2] for line in text.splitlines() if not line.startswith("#"))
        return float(lines.get(f"container_cpu_usage_seconds_total{{{names}}}", 0)) > 0.1

    await lab.eventually(used, lambda: "the container uses no processor time")
    status, text = await lab.ask("/stats/summary")
    assert status == 200, text
    told = json.loads(text)
    (pod,) = (p for p in told["pods"] if p["podRef"]["name"] == "busy")
    (main,) = pod["containers"]
    assert main["cpu"]["usageCoreNanoSeconds"] > 100_000_000
    assert 0 < main["memory"]["workingSetBytes"] <= pod["memory"]["workingSetBytes"]
    assert pod["network"]["name"] == "eth0"
    assert pod["network"]["rxBytes"] >= 0
    (volume,) = pod["volume"]
    assert volume["usedBytes"] >= 3 << 20
    assert pod["ephemeral-storage"]["usedBytes"] >= 3 << 20
    assert pod["process_stats"]["process_count"] >= 2
    assert "usedBytes" in main["rootfs"]
    assert told["node"]["memory"]["availableBytes"] > 0
    assert told["node"]["runtime"]["imageFs"]["usedBytes"] > 0
    for path in ("/metrics", "/metrics/cadvisor", "/metrics/probes", "/configz", "/pods", "/healthz"):
        assert (await lab.ask(path))[0] == 200, path
    assert (await lab.ask("/stats/summary", user="stranger"))[0] == 403


async def test_a_flood_of_logs_is_kept_small(lab: KubeletLab) -> None:
    await lab.create(
        "flood", container("exec yes this line is written again and again for as long as it goes")
    )
    await lab.wait_running("flood")
    folder = next((lab.root / "logs").glob("default_flood_*/main"))
    most = 0

    async def rotated() -> bool:
        nonlocal most
        try:
            taken = {path.name: path.stat().st_size for path in folder.iterdir()}
        except FileNotFoundError:
            return False  # one was deleted while we looked
        most = max(most, sum(taken.values()))
        return sum(name.endswith(".gz") for name in taken) >= 2

    await lab.eventually(rotated, lambda: f"{sorted(path.name for path in folder.iterdir())}")
    assert len(list(folder.iterdir())) <= 6
    assert most < 1 << 30
