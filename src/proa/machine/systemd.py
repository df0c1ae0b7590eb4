"""The parts as systemd units, where systemd runs.

`units` only computes their text. A unit's name is the part's with its node as the instance:
proa-server.service, proa-containerd@.service, proa-agent@.service.
Source: systemd.service(5), systemd.kill(5), and containerd's own unit for Delegate and KillMode.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from proa.errors import UserError
from proa.files import write_if_changed
from proa.machine.layout import Layout
from proa.machine.plan import Node, agent_part, containerd_part, server_part
from proa.supervisor import Part, Status

FOLDER = Path("/etc/systemd/system")
RUNNING = Path("/run/systemd/system")


def units(layout: Layout, *, namespaced: bool) -> dict[str, str]:
    """The text of each unit file by its name; `namespaced` nodes are entered first."""
    instance = Node("%i", "", netns="proa-%i" if namespaced else "")
    return {
        "proa-server.service": _unit(server_part(layout), "API server, controllers and scheduler"),
        "proa-containerd@.service": _unit(containerd_part(layout, instance), "containers of node %i"),
        "proa-agent@.service": _unit(agent_part(layout, instance), "node agent of %i"),
    }


def names(nodes: Sequence[Node]) -> list[str]:
    """The units that run for these nodes, in the order of their start."""
    per_node = [f"{part}-{node.name}" for part in ("containerd", "agent") for node in nodes]
    return [_unit_name(part) for part in ("server", *per_node)]


class Systemd:
    """Keeps the parts through systemd; the same verbs as the supervisor's."""

    def __init__(self, layout: Layout, nodes: Sequence[Node]) -> None:
        self._layout = layout
        self._nodes = nodes

    def is_running(self) -> bool:
        return any(status.state == "running" for status in self.statuses())

    def start(self) -> None:
        namespaced = any(node.netns for node in self._nodes)
        changed = [
            write_if_changed(FOLDER / name, text)
            for name, text in units(self._layout, namespaced=namespaced).items()
        ]
        if any(changed):
            _systemctl("daemon-reload")
        # Namespaces do not outlive a reboot, so what lives in them must not start by itself.
        verb = ["start"] if namespaced else ["enable", "--now"]
        _systemctl(*verb, "--no-block", *names(self._nodes))

    def stop(self) -> None:
        for name in reversed(names(self._nodes)):
            _systemctl("disable", "--now", name, check=False)
        for name in units(self._layout, namespaced=False):
            (FOLDER / name).unlink(missing_ok=True)
        _systemctl("daemon-reload")

    def statuses(self) -> list[Status]:
        listing = _systemctl(
            "show", "--property=Id,ActiveState,MainPID,MemoryCurrent,NRestarts", *names(self._nodes)
        )
        blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in listing.split("\n\n")]
        return [_status(block) for block in blocks if block]

    @property
    def logs(self) -> str:
        return "journalctl -u 'proa-*'"

    def log_end(self, part: str) -> list[str]:
        command = [
            "journalctl",
            f"_SYSTEMD_UNIT={_unit_name(part)}",
            "--lines=20",
            "--output=cat",
            "--no-pager",
        ]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout.splitlines()


def _unit_name(part: str) -> str:
    kind, _, node = part.partition("-")
    return f"proa-{kind}@{node}.service" if node else f"proa-{kind}.service"


def _unit(part: Part, description: str) -> str:
    environment = "".join(f"Environment={key}={value}\n" for key, value in sorted(part.environment.items()))
    kept = "NotifyAccess=main\nFileDescriptorStoreMax=16\n" if part.gives_sockets else ""
    return f"""\
[Unit]
Description=proa: {description}
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart={" ".join(map(_quoted, part.command))}
{environment}{kept}Restart=always
RestartSec=1
KillMode=process
TimeoutStopSec={part.stop_seconds:.0f}
Delegate=yes
LimitNOFILE=1048576
TasksMax=infinity

[Install]
WantedBy=multi-user.target
"""


def _quoted(word: str) -> str:
    escaped = _escaped(word).replace("$", "$$")
    return f'"{escaped}"' if any(character in escaped for character in " \t;'\"") else escaped


def _escaped(text: str) -> str:
    """A text in which only %i, the instance, is a specifier."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("%%i", "%i")


def _status(block: Mapping[str, str]) -> Status:
    active = block.get("ActiveState") == "active"
    memory = block.get("MemoryCurrent", "")
    return Status(
        block["Id"].removeprefix("proa-").removesuffix(".service").replace("@", "-"),
        "running" if active else "stopped",
        int(block.get("MainPID") or 0),
        int(memory) // 1024 if memory.isdecimal() else 0,
        int(block.get("NRestarts") or 0),
        0.0,
    )


def _systemctl(*arguments: str, check: bool = True) -> str:
    result = subprocess.run(["systemctl", *arguments], check=False, capture_output=True, text=True)
    if check and result.returncode:
        raise UserError(f"systemctl {arguments[0]}: {result.stderr.strip() or 'failed without a reason'}")
    return result.stdout
