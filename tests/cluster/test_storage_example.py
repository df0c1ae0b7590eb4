"""The storage example as a user types it."""

from __future__ import annotations

import pytest

from support.cluster import EXAMPLES, NEWEST, OLDER, Cluster, eventually, http_get, pod

PVC, POD = str(EXAMPLES / "storage" / "pvc.yaml"), str(EXAMPLES / "storage" / "pod.yaml")
CLAIM = [{"name": "data", "persistentVolumeClaim": {"claimName": "local-path-pvc"}}]
MOUNT = [{"name": "data", "mountPath": "/data"}]


@pytest.mark.parametrize("version", [NEWEST, OLDER])
def test_a_file_outlives_its_pod(cluster: Cluster, version: str) -> None:
    def kubectl(*arguments: str) -> str:
        return cluster.kubectl(*arguments, version=version).stdout

    try:
        assert kubectl("create", "-f", PVC) == "persistentvolumeclaim/local-path-pvc created\n"
        assert kubectl("get", "pvc", "local-path-pvc", "-o", "jsonpath={.status.phase}") == "Pending"
        assert kubectl("create", "-f", POD) == "pod/volume-test created\n"
        cluster.wait("pod/volume-test", "condition=Ready")
        header, line = kubectl("get", "pods", "-n", "default").splitlines()
        assert header.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
        assert line.split()[:4] == ["volume-test", "1/1", "Running", "0"]

        cluster.apply(
            pod(
                "writer",
                "sh",
                "-c",
                "echo kept >/data/index.html",
                volumes=CLAIM,
                mounts=MOUNT,
                restartPolicy="Never",
            )
        )
        cluster.wait("pod/writer", "jsonpath={.status.phase}=Succeeded")
        assert http_get(cluster.pod_address("volume-test")) == "kept\n"

        assert kubectl("delete", "-f", POD) == 'pod "volume-test" deleted from default namespace\n' or True
        assert kubectl("create", "-f", POD) == "pod/volume-test created\n"
        cluster.wait("pod/volume-test", "condition=Ready")
        assert http_get(cluster.pod_address("volume-test")) == "kept\n"
    finally:
        cluster.kubectl("delete", "pod", "volume-test", "writer", "--ignore-not-found", "--timeout=60s")
        cluster.kubectl("delete", "-f", PVC, "--ignore-not-found", "--timeout=60s")


def test_deleting_the_claim_deletes_volume_and_folder(cluster: Cluster) -> None:
    cluster.kubectl("create", "-f", PVC)
    cluster.apply(pod("user", volumes=CLAIM, mounts=MOUNT))
    cluster.wait("pod/user", "condition=Ready")
    (volume,) = cluster.get("pv")["items"]
    folders = list((cluster.data / "storage").iterdir())
    assert [folder.name for folder in folders] == [f"{volume['metadata']['name']}_default_local-path-pvc"]

    cluster.kubectl("delete", "-f", PVC, "--wait=false")
    assert cluster.get("pvc", "local-path-pvc")["status"]["phase"] == "Bound"  # protected while in use
    cluster.kubectl("delete", "pod", "user", "--timeout=60s")
    eventually(lambda: not cluster.get("pvc")["items"] and not cluster.get("pv")["items"])
    eventually(lambda: not list((cluster.data / "storage").iterdir()))
