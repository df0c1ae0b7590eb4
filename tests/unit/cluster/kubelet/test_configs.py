"""Pods and containers as the runtime gets them."""

from pathlib import Path
from typing import Any

import pytest

from proa.cluster.kubelet import KubeletConfig
from proa.cluster.kubelet.container_config import HASH, container_config
from proa.cluster.kubelet.cri import Image
from proa.cluster.kubelet.cri.messages import CRI
from proa.cluster.kubelet.dns import Resolver
from proa.cluster.kubelet.problems import ContainerProblem
from proa.cluster.kubelet.sandbox_config import pod_cgroup, sandbox_config, seccomp
from proa.kube import Object
from support.kubelet_objects import pod, spec_of

HERE = Path("/here")
CONFIG = KubeletConfig(
    node_name="n1",
    node_ips=("10.0.0.1",),
    data_dir=HERE,
    containerd_socket=HERE,
    tls_cert=HERE,
    tls_key=HERE,
    client_ca=HERE,
)
IMAGE = Image("sha256:1", (), (), 1, None)


def sandbox(pod_: Object) -> dict[str, Any]:
    made = sandbox_config(pod_, CONFIG, Resolver(["1.1.1.1"]), 3)
    assert CRI.decode("PodSandboxConfig", CRI.encode("PodSandboxConfig", made))
    return made


def container(spec: Object, image: Image = IMAGE, **pod_spec: Any) -> dict[str, Any]:
    made = container_config(
        pod(spec, **pod_spec), spec, image, attempt=2, variables={"A": "1"}, mounts=[], oom_score_adjust=7
    )
    assert CRI.decode("ContainerConfig", CRI.encode("ContainerConfig", made))
    return made


def test_a_plain_sandbox() -> None:
    made = sandbox(pod(metadata={"labels": {"app": "x"}}))
    assert made["metadata"] == {"name": "web", "namespace": "d", "uid": "u1", "attempt": 3}
    assert made["hostname"] == "web"
    assert made["log_directory"] == "/here/agent/n1/kubelet/logs/d_web_u1"
    assert made["labels"]["app"] == "x"
    assert made["labels"]["io.kubernetes.pod.uid"] == "u1"
    assert made["linux"]["cgroup_parent"] == "/proa/n1/besteffort/podu1"
    assert made["linux"]["security_context"]["namespace_options"] == {"network": 0, "pid": 1, "ipc": 0}


NAMESPACES = {
    "host network": ({"hostNetwork": True}, {"network": 2, "pid": 1, "ipc": 0}),
    "host processes": ({"hostPID": True, "hostIPC": True}, {"network": 0, "pid": 2, "ipc": 2}),
    "shared processes": ({"shareProcessNamespace": True}, {"network": 0, "pid": 0, "ipc": 0}),
}


@pytest.mark.parametrize(("spec", "options"), NAMESPACES.values(), ids=NAMESPACES.keys())
def test_namespaces(spec: Object, options: dict[str, int]) -> None:
    made = sandbox(pod(**spec))
    assert made["linux"]["security_context"]["namespace_options"] == options
    assert bool(made["hostname"]) is not bool(spec.get("hostNetwork"))


def test_host_ports_are_mapped() -> None:
    ports = [{"containerPort": 53, "hostPort": 5353, "protocol": "UDP"}, {"containerPort": 80}]
    (mapping,) = sandbox(pod(spec_of("a", ports=ports)))["port_mappings"]
    assert (mapping["protocol"], mapping["container_port"], mapping["host_port"]) == (1, 53, 5353)


def test_a_privileged_container_makes_a_privileged_sandbox() -> None:
    privileged = spec_of("a", securityContext={"privileged": True})
    assert sandbox(pod(privileged))["linux"]["security_context"]["privileged"]
    security = container(privileged)["linux"]["security_context"]
    assert (security["privileged"], security["masked_paths"]) == (True, ())


def test_the_cgroup_tells_the_class() -> None:
    limited = spec_of("a", resources={"limits": {"cpu": "1", "memory": "1Gi"}})
    assert pod_cgroup(pod(limited), CONFIG) == "/proa/n1/guaranteed/podu1"


def test_a_container_in_full() -> None:
    spec = spec_of(
        "a",
        command=["sh", "$(A)"],
        args=["$(B)"],
        workingDir="/w",
        securityContext={"runAsUser": 5, "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}},
        resources={"limits": {"memory": "1Mi"}},
    )
    made = container(spec, securityContext={"runAsUser": 1, "runAsGroup": 2, "fsGroup": 3})
    security = made["linux"]["security_context"]
    assert (made["command"], made["args"], made["working_dir"]) == (["sh", "1"], ["$(B)"], "/w")
    assert made["log_path"] == "a/2.log"
    assert made["annotations"]["io.kubernetes.container.restartCount"] == "2"
    assert made["annotations"][HASH]
    assert (security["run_as_user"], security["run_as_group"]) == ({"value": 5}, {"value": 2})
    assert security["capabilities"] == {"add_capabilities": ["NET_ADMIN"], "drop_capabilities": ["ALL"]}
    assert security["supplemental_groups"] == [3]
    assert "/proc/kcore" in security["masked_paths"]
    assert made["linux"]["resources"]["memory_limit_in_bytes"] == 1 << 20
    assert made["linux"]["resources"]["oom_score_adj"] == 7


NON_ROOT = {
    "the image is root": (None, {}, "image will run as root"),
    "the pod says root": (1000, {"runAsUser": 0}, "runAsUser breaks non-root policy"),
    "the image has a name": ("www", {}, "non-numeric user"),
    "the image has a number": (1000, {}, ""),
    "the pod has a number": (None, {"runAsUser": 7}, ""),
}


@pytest.mark.parametrize(("user", "context", "text"), NON_ROOT.values(), ids=NON_ROOT.keys())
def test_run_as_non_root(user: int | str | None, context: Object, text: str) -> None:
    image, spec = Image("i", (), (), 1, user), spec_of("a", securityContext=context | {"runAsNonRoot": True})
    if not text:
        container(spec, image)
        return
    with pytest.raises(ContainerProblem, match=text):
        container(spec, image)


def test_filters_of_the_node_lie_in_one_folder() -> None:
    found = seccomp({"type": "Localhost", "localhostProfile": "a/b.json"})
    assert found["localhost_ref"] == "/var/lib/kubelet/seccomp/a/b.json"
    for name in ("/etc/passwd", "../x", "a/../../x"):
        with pytest.raises(ContainerProblem, match="is not below /var/lib/kubelet/seccomp"):
            seccomp({"type": "Localhost", "localhostProfile": name})


def test_a_privileged_container_that_is_added_later_is_allowed_too() -> None:
    added = {"name": "debugger", "securityContext": {"privileged": True}}
    for given, expected in ((pod(), False), (pod(ephemeralContainers=[added]), True)):
        config = sandbox_config(given, CONFIG, Resolver(["1.1.1.1"]), 0)
        assert config["linux"]["security_context"]["privileged"] is expected
