"""Sysctls of pods."""

from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.apiserver.validation.sysctls import sysctls


def problems(*names: str, **spec: Any) -> list[tuple[str, str]]:
    entries = [{"name": name, "value": "1"} for name in names]
    found = sysctls("spec", {"securityContext": {"sysctls": entries}, **spec})
    return [(error.field, error.detail) for error in found]


@pytest.mark.parametrize("name", ["kernel.shmmax", "net/ipv4/ip_forward", "safe-and-unsafe", "net.ipv4.x_y"])
def test_good(name: str) -> None:
    assert problems(name) == []


@pytest.mark.parametrize("name", ["foo-", "bar..", "A.b", ".a", "a" * 254])
def test_bad(name: str) -> None:
    [(field, detail)] = problems("kernel.shmmax", name)

    assert field == "spec.securityContext.sysctls[1].name"
    assert detail.startswith("must have at most 253 characters and match regex ^")


def test_each_once() -> None:
    assert [field for field, _ in problems("a", "b", "a")] == ["spec.securityContext.sysctls[2].name"]


def test_not_the_node_s_own() -> None:
    assert problems("net.core.somaxconn", hostIPC=True) == []
    assert problems("net/core/somaxconn", hostNetwork=True)[0][1] == (
        "may not be specified when 'hostNetwork' is true"
    )
    assert problems("kernel.shm_rmid_forced", hostIPC=True)[0][1] == (
        "may not be specified when 'hostIPC' is true"
    )
