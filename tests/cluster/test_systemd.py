"""Where systemd runs, it keeps the parts, also after a reboot."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cluster import CACHE, NEWEST
from support.systemd_box import SYSTEMD, SystemdBox

PROA = f"{sys.executable} -m proa"
KUBECTL = f"{CACHE}/kubectl-{NEWEST}/kubectl"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SystemdBox]:
    if not SYSTEMD.exists():
        pytest.fail(f"{SYSTEMD} is not there: install the package systemd")
    box = SystemdBox(tmp_path)
    try:
        box.boot()
        yield box
    finally:
        box.remove()


def restarts(box: SystemdBox, part: str) -> int:
    """How often a part was started again; AssertionError unless it runs."""
    found = re.search(rf"^{part} +running .* (\d+)$", box.run(f"{PROA} status", check=False), re.MULTILINE)
    assert found, box.run(f"{PROA} status", check=False)
    return int(found[1])


def test_systemd_keeps_the_parts(box: SystemdBox) -> None:
    box.run(f"{PROA} up")
    for manifest in ("pvc", "pod"):
        box.run(f"{KUBECTL} create -f examples/storage/{manifest}.yaml")
    box.run(f"{KUBECTL} wait --for=condition=Ready pod/volume-test --timeout=60s")
    box.run(f"{KUBECTL} exec volume-test -- sh -c 'echo kept > /data/file'")
    assert "serving the Kubernetes API" in box.run("journalctl --unit proa-server --no-pager")

    box.run("systemctl kill --signal=KILL proa-agent@box")
    box.run("until systemctl show proa-agent@box | grep -qx NRestarts=1; do sleep 0.2; done")
    box.run("until systemctl is-active -q proa-agent@box; do sleep 0.2; done")
    assert (restarts(box, "agent-box"), restarts(box, "server")) == (1, 0)

    box.crash()
    box.boot()
    box.run(f"until {KUBECTL} exec volume-test -- grep kept /data/file; do sleep 0.5; done")
    assert restarts(box, "agent-box") == 0

    assert "proa is stopped" in box.run(f"{PROA} down")
    assert box.run("systemctl list-units --all --plain --no-legend 'proa-*'") == ""
    assert "not running" in box.run(f"{PROA} status", check=False)


def test_a_part_that_does_not_start_is_told_with_its_reason(box: SystemdBox) -> None:
    box.run("mkdir -p /var/lib/proa/server/db && echo nonsense > /var/lib/proa/server/db/state.db")
    assert re.search("proa: server ended: .*state.db", box.run(f"{PROA} up", check=False))
    assert box.run("systemctl list-units --all --plain --no-legend 'proa-*'") == ""
