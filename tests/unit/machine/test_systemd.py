from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from proa.machine import systemd
from proa.machine.layout import Layout
from proa.machine.plan import Node, namespaced_nodes
from proa.machine.systemd import names, units

GOLDEN = Path(__file__).parent / "golden"
LAYOUT = Layout(Path("/var/lib/proa"), Path("/run/proa"))


@pytest.fixture(autouse=True)
def python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/opt/proa/bin/python")


@pytest.mark.parametrize("namespaced", [False, True], ids=["machine", "namespaces"])
def test_units(namespaced: bool) -> None:
    folder = GOLDEN / ("namespaces" if namespaced else "machine")
    expected = {path.name: path.read_text() for path in folder.iterdir()}
    assert units(LAYOUT, namespaced=namespaced) == expected


def test_names_start_the_server_first_and_agents_last() -> None:
    assert names(namespaced_nodes(2)) == [
        "proa-server.service",
        "proa-containerd@node-1.service",
        "proa-containerd@node-2.service",
        "proa-agent@node-1.service",
        "proa-agent@node-2.service",
    ]


def test_words_are_escaped_for_systemd() -> None:
    text = units(Layout(Path("/srv/my data/100%"), Path("/run/proa")), namespaced=False)[
        "proa-server.service"
    ]
    assert '"/srv/my data/100%%/server/settings.json"' in text


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze (package systemd) checks units"
)
def test_systemd_itself_accepts_the_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/sh")
    monkeypatch.setattr(
        systemd, "_quoted", lambda word: "/bin/true" if word in {"containerd", "nsenter"} else word
    )
    for name, text in units(LAYOUT, namespaced=False).items():
        (tmp_path / name.replace("@", "@host")).write_text(text)
    files = sorted(map(str, tmp_path.iterdir()))
    result = subprocess.run(
        ["systemd-analyze", "verify", *files], check=False, capture_output=True, text=True
    )
    ours = [line for line in result.stderr.splitlines() if "proa" in line]
    assert ours == []


def test_a_shown_unit_is_a_status() -> None:
    block = {
        "Id": "proa-agent@n.service",
        "ActiveState": "active",
        "MainPID": "7",
        "MemoryCurrent": "2048",
        "NRestarts": "1",
    }
    status = systemd._status(block)
    assert status[:5] == ("agent-n", "running", 7, 2, 1)


def test_a_machine_is_a_node_too() -> None:
    assert names([Node("host", "192.0.2.1")])[1:] == [
        "proa-containerd@host.service",
        "proa-agent@host.service",
    ]
