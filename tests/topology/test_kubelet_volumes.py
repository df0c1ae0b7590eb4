"""Volumes and files as a container finds them, on a real containerd."""

import base64
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proa.cluster.kubelet.mounts import mount_layers, unmount
from proa.kube import CONFIG_MAPS, EVENTS, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, SECRETS, Object
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


async def create_config_map(lab: KubeletLab, name: str, **data: str) -> None:
    await lab.api.create(CONFIG_MAPS, {"metadata": {"name": name}, "data": data}, "default")


async def create_secret(lab: KubeletLab, name: str, **data: str) -> None:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    await lab.api.create(SECRETS, {"metadata": {"name": name}, "data": encoded}, "default")


def mount(name: str, path: str, **more: object) -> Object:
    return {"name": name, "mountPath": path} | more


async def test_config_maps_and_secrets_as_files_and_variables(lab: KubeletLab) -> None:
    await create_config_map(lab, "cm", a="1", b="2")
    await create_secret(lab, "sec", pw="hunter2")
    main = container(
        "echo $A $S_pw; cat /cm/a /cm-items/x/y /sec/pw /one; echo; stat -Lc '%a %g' /sec/pw;"
        " stat -f -c %T /sec; sleep 1000000",
        env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "a"}}}],
        envFrom=[{"secretRef": {"name": "sec"}, "prefix": "S_"}],
        volumeMounts=[
            mount("cm", "/cm"),
            mount("items", "/cm-items"),
            mount("sec", "/sec"),
            mount("cm", "/one", subPath="b"),
        ],
    )
    await lab.create(
        "files",
        main,
        volumes=[
            {"name": "cm", "configMap": {"name": "cm"}},
            {"name": "items", "configMap": {"name": "cm", "items": [{"key": "b", "path": "x/y"}]}},
            {"name": "sec", "secret": {"secretName": "sec", "defaultMode": 0o400}},
        ],
        securityContext={"fsGroup": 2000},
    )
    await lab.wait_running("files")
    assert await lab.lines("files", 4) == ["1 hunter2", "12hunter22", "440 2000", "tmpfs"]


async def test_a_changed_config_map_reaches_the_running_container(lab: KubeletLab) -> None:
    await create_config_map(lab, "live", word="old")
    await lab.create(
        "live",
        container("while true; do cat /cm/word; echo; sleep 0.2; done", volumeMounts=[mount("cm", "/cm")]),
        volumes=[{"name": "cm", "configMap": {"name": "live"}}],
    )
    await lab.wait_running("live")
    await lab.api.patch(CONFIG_MAPS, "live", {"data": {"word": "new"}}, "default")

    async def refreshed() -> bool:
        return "new" in await lab.log("live", tailLines="1")

    await lab.eventually(refreshed, lambda: "the file was not refreshed")


async def test_the_service_account_token_and_the_downward_api(lab: KubeletLab) -> None:
    await lab.create(
        "token",
        container(
            "cd /var/run/secrets/kubernetes.io/serviceaccount; cut -d. -f1 token | head -c 2; echo;"
            " cat namespace ca.crt; echo; cat /dw/labels; echo; stat -Lc %u:%a token ca.crt; sleep 1000000",
            volumeMounts=[mount("dw", "/dw")],
        ),
        securityContext={"runAsUser": 1000},
        automountServiceAccountToken=True,
        labels={"app": "x"},
        volumes=[
            {
                "name": "dw",
                "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]},
            }
        ],
    )
    await lab.wait_running("token")
    expected = ["ey", "defaultthe authority", 'app="x"', "1000:600", "0:644"]
    assert await lab.lines("token", 5) == expected


async def test_a_missing_secret_is_told_and_awaited(lab: KubeletLab) -> None:
    await lab.create(
        "waits",
        container(volumeMounts=[mount("sec", "/sec")]),
        volumes=[{"name": "sec", "secret": {"secretName": "later"}}],
    )
    await expect_event(lab, "waits", "FailedMount", 'volume "sec" : secret "later" not found')
    await create_secret(lab, "later", x="y")
    await lab.wait_running("waits")


async def test_a_missing_config_map_for_a_variable_is_told_and_awaited(lab: KubeletLab) -> None:
    source = {"configMapKeyRef": {"name": "later", "key": "k"}}
    await lab.create("needs", container(env=[{"name": "X", "valueFrom": source}]))
    pod = await lab.wait("needs", lambda p: waiting(p).get("reason") == "CreateContainerConfigError")
    assert waiting(pod)["message"] == 'configmap "later" not found'
    await create_config_map(lab, "later", k="v")
    await lab.wait_running("needs")


async def test_a_claim_is_mounted_once_it_is_bound_and_its_data_stays(
    lab: KubeletLab, tmp_path: Path
) -> None:
    wanted = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "volumeName": "pv",
        },
    }
    claim = await lab.api.create(PERSISTENT_VOLUME_CLAIMS, wanted, "default")
    (tmp_path / "volume").mkdir()
    mounts = [mount("data", "/data", subPath="deep/er")]
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    await lab.create(
        "db", container("echo kept > /data/x; sleep 1000000", volumeMounts=mounts), volumes=volumes
    )
    await expect_event(lab, "db", "FailedMount", "PVC is not bound")
    reference = {"kind": "PersistentVolumeClaim", "namespace": "default", "name": "data"}
    await lab.api.create(
        PERSISTENT_VOLUMES,
        {
            "metadata": {"name": "pv"},
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"],
                "local": {"path": str(tmp_path / "volume")},
                "claimRef": reference | {"uid": claim["metadata"]["uid"]},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                    {"key": "kubernetes.io/hostname", "operator": "In", "values": [lab.name]}
                ]}]}},
            },
        },
    )  # fmt: skip
    bound = {"status": {"phase": "Bound"}}
    await lab.api.patch(PERSISTENT_VOLUME_CLAIMS, "data", bound, "default", subresource="status")
    await lab.wait_running("db")
    await lab.delete("db")
    assert (tmp_path / "volume/deep/er/x").read_text() == "kept\n"
    assert lab.remains() == []


async def test_an_image_is_a_volume_that_can_be_read(lab: KubeletLab) -> None:
    image = "docker.io/library/busybox:stable"
    looks = "stat -c %a /image/bin/busybox; test -e /part/busybox && echo part"
    command = f"{looks}; touch /image/x; rm /part/busybox"
    mounts = [mount("files", "/image"), mount("files", "/part", subPath="bin")]
    volumes = [{"name": "files", "image": {"reference": image, "pullPolicy": "IfNotPresent"}}]
    spec = container(f"{command}; sleep 1000000", volumeMounts=mounts)
    await lab.create("reads", spec, volumes=volumes)
    await lab.wait_running("reads")

    text = "".join(await lab.lines("reads", 4))
    assert "755" in text
    assert "part" in text
    assert text.count("Read-only file system") == 2
    assert "proa/" in snapshots(lab)
    lab.kill_kubelet()
    lab.start_kubelet()
    await lab.delete("reads")
    assert lab.remains() == []
    assert "proa/" not in snapshots(lab), "its layers are given back"


async def test_an_image_volume_that_cannot_be_had_says_why(lab: KubeletLab) -> None:
    volumes = [{"name": "files", "image": {"reference": "absent:1", "pullPolicy": "Never"}}]
    await lab.create("waits", container(volumeMounts=[mount("files", "/image")]), volumes=volumes)
    await expect_event(lab, "waits", "FailedMount", "is not present with pull policy of Never")


def test_layers_of_an_image_lie_over_each_other(tmp_path: Path) -> None:
    for name, text in (("lower", "old"), ("upper", "new")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "both").write_text(text)
        (tmp_path / name / name).touch()
    target = tmp_path / "target"
    target.mkdir()
    mount_layers("overlay", "overlay", ["index=off", f"lowerdir={tmp_path}/upper:{tmp_path}/lower"], target)
    try:
        assert sorted(path.name for path in target.iterdir()) == ["both", "lower", "upper"]
        assert (target / "both").read_text() == "new"
        with pytest.raises(OSError, match="Read-only"):
            (target / "x").touch()
    finally:
        unmount(target)


async def test_a_subpath_does_not_lead_out_of_the_volume(lab: KubeletLab, tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume" / "escape").symlink_to("/etc")
    await lab.create(
        "escape",
        container(volumeMounts=[mount("v", "/v", subPath="escape")]),
        volumes=[{"name": "v", "hostPath": {"path": str(tmp_path / "volume"), "type": "Directory"}}],
    )
    pod = await lab.wait("escape", lambda p: waiting(p).get("reason") == "CreateContainerConfigError")
    assert "leads out of the volume" in waiting(pod)["message"]


async def test_identity_and_names_inside_a_container(lab: KubeletLab) -> None:
    await lab.create(
        "who",
        container(
            "id -u; id -G; hostname; grep who /etc/hosts | cut -f 2-; grep ndots /etc/resolv.conf;"
            " touch /x 2>&1 | grep -o Read-only; grep NoNewPrivs /proc/self/status; sleep 1000000",
            securityContext={"readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False},
        ),
        securityContext={"runAsUser": 1000, "runAsGroup": 1001, "supplementalGroups": [7], "fsGroup": 8},
        hostname="who",
        subdomain="team",
    )
    await lab.wait_running("who")
    assert await lab.lines("who", 7) == [
        "1000",
        "1001 7 8",
        "who",
        "who.team.default.svc.cluster.local\twho",
        "options ndots:5",
        "Read-only",
        "NoNewPrivs:\t1",
    ]


def snapshots(lab: KubeletLab) -> str:
    """The names of containerd's snapshots."""
    command = ["ctr", "--address", str(lab.containerd.socket), "--namespace", "k8s.io", "snapshots", "ls"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def waiting(pod: Object) -> Object:
    statuses = pod["status"].get("containerStatuses") or [{"state": {}}]
    return dict(statuses[0]["state"].get("waiting") or {})


async def expect_event(lab: KubeletLab, name: str, reason: str, text: str) -> None:
    seen: list[str] = []

    async def told() -> bool:
        events = (await lab.api.list(EVENTS, "default"))["items"]
        seen[:] = [f"{e['reason']}: {e['message']}" for e in events if e["involvedObject"]["name"] == name]
        return any(line.startswith(reason) and text in line for line in seen)

    await lab.eventually(told, lambda: f"{seen}")
