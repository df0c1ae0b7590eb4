"""What a node refuses."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.kubelet.admission import port_refusal, security_refusal, sysctl_refusal
from proa.kube import Object
from support.kubelet_objects import pod, spec_of


def _with_port(**port: Any) -> Object:
    return pod(spec_of("a", ports=[{"containerPort": 80, **port}]))


@pytest.mark.parametrize(
    ("mine", "theirs", "refused"),
    [
        ({"hostPort": 80}, {"hostPort": 80}, True),
        ({"hostPort": 80}, {"hostPort": 81}, False),
        ({"hostPort": 80}, {}, False),
        ({"hostPort": 80, "protocol": "UDP"}, {"hostPort": 80}, False),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80, "hostIP": "10.0.0.2"}, False),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80}, True),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80, "hostIP": "0.0.0.0"}, True),
    ],
)
def test_ports(mine: Object, theirs: Object, *, refused: bool) -> None:
    answer = port_refusal(_with_port(**mine), [_with_port(**theirs)])
    assert answer == (
        (
            "NodePorts",
            "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
        )
        if refused
        else None
    )


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("net.ipv4.tcp_syncookies", {}, None),
        ("kernel.msgmax", {}, 'forbidden sysctl: "kernel.msgmax" not allowlisted'),
        ("kernel.shm_rmid_forced", {"hostIPC": True}, "host IPC"),
        ("net.ipv4.tcp_syncookies", {"hostNetwork": True}, "host Net"),
    ],
)
def test_sysctls(name: str, more: Object, message: str | None) -> None:
    answer = sysctl_refusal(pod(securityContext={"sysctls": [{"name": name, "value": "1"}]}, **more))
    if message is None:
        assert answer is None
    else:
        assert answer is not None
        assert answer[0] == "SysctlForbidden"
        assert message in answer[1]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({}, None),
        ({"securityContext": {"supplementalGroupsPolicy": "Merge"}}, None),
        (
            {"securityContext": {"supplementalGroupsPolicy": "Strict"}},
            "SupplementalGroupsPolicyNotSupported",
        ),
        ({"hostUsers": False}, "UnexpectedAdmissionError"),
        ({"hostUsers": True}, None),
        ({"securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}}, "AppArmor"),
        ({"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}, None),
    ],
)
def test_security_that_a_kernel_lacks(spec: Object, reason: str | None) -> None:
    answer = security_refusal(pod(**spec), apparmor=False)
    assert (answer and answer[0]) == reason


def test_apparmor_where_the_kernel_has_it() -> None:
    wanted = {"appArmorProfile": {"type": "Localhost", "localhostProfile": "p"}}
    assert security_refusal(pod(spec_of("a", securityContext=wanted)), apparmor=True) is None
