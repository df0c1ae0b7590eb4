"""A real supervisor over real (tiny) programs, told apart by files that they write."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proa import supervisor
from proa.supervisor import Part
from proa.supervisor.part import read_running
from proa.supervisor.process import end, is_alive, start_time


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the expected state did not come"
        time.sleep(0.01)


def shell(folder: Path, name: str, script: str, rank: int = 0, stop_seconds: float = 5.0) -> Part:
    return Part(name, ("/bin/sh", "-c", script), str(folder / f"{name}.log"), rank, {}, stop_seconds)


def pid_of(folder: Path, name: str) -> int:
    return next(status.pid for status in supervisor.statuses(folder) if status.name == name)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    supervisor.stop(tmp_path)


def test_a_part_that_dies_is_started_again(folder: Path) -> None:
    supervisor.launch(folder, [shell(folder, "part", "echo up; exec sleep 1000")])
    eventually(lambda: pid_of(folder, "part") > 0)
    first = pid_of(folder, "part")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: pid_of(folder, "part") not in (0, first))
    assert supervisor.statuses(folder)[0].restarts == 1
    eventually(lambda: (folder / "part.log").read_text() == "up\nup\n")


def test_after_its_own_end_the_next_adopts(folder: Path) -> None:
    parts = [shell(folder, "part", "exec sleep 1000")]
    supervisor.launch(folder, parts)
    eventually(lambda: pid_of(folder, "part") > 0)
    part, own = pid_of(folder, "part"), read_running(folder, "supervisor")
    assert own is not None
    os.kill(own.pid, signal.SIGKILL)
    eventually(lambda: not supervisor.is_running(folder))

    supervisor.launch(folder, parts)
    eventually(lambda: supervisor.is_running(folder))
    eventually(lambda: "adopted" in (folder / "supervisor.log").read_text())
    assert pid_of(folder, "part") == part

    os.kill(part, signal.SIGKILL)
    eventually(lambda: pid_of(folder, "part") not in (0, part))


def test_an_adopted_part_whose_command_changed_is_replaced(folder: Path) -> None:
    supervisor.launch(folder, [shell(folder, "part", "exec sleep 1000")])
    eventually(lambda: pid_of(folder, "part") > 0)
    own, part = read_running(folder, "supervisor"), pid_of(folder, "part")
    assert own is not None
    os.kill(own.pid, signal.SIGKILL)
    eventually(lambda: not supervisor.is_running(folder))
    supervisor.launch(folder, [shell(folder, "part", "exec sleep 1001")])
    eventually(lambda: pid_of(folder, "part") not in (0, part))


def test_stops_in_reverse_order(folder: Path) -> None:
    order = folder / "order"
    script = (
        "trap 'echo {0} >>" + str(order) + "; exit' TERM; echo ready >{0}.ready; while :; do sleep 0.01; done"
    )
    parts = [
        shell(folder, name, f"cd {folder}; " + script.format(name), rank) for rank, name in enumerate("abc")
    ]
    supervisor.launch(folder, parts)
    eventually(lambda: all((folder / f"{name}.ready").exists() for name in "abc"))
    supervisor.stop(folder)
    assert order.read_text().split() == ["c", "b", "a"]
    assert not supervisor.is_running(folder)


def test_stop_also_ends_parts_whose_supervisor_is_gone(folder: Path) -> None:
    supervisor.launch(
        folder, [shell(folder, "part", "trap '' TERM; while :; do sleep 1; done", stop_seconds=0.2)]
    )
    eventually(lambda: pid_of(folder, "part") > 0)
    own, part = read_running(folder, "supervisor"), pid_of(folder, "part")
    assert own is not None
    os.kill(own.pid, signal.SIGKILL)
    supervisor.stop(folder)
    assert start_time(part) is None


LISTENS = """
import socket, sys, time
from proa.kernel import kept_sockets
kept = kept_sockets.take().get("mine")
if kept is None:
    kept = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    kept.bind(("127.0.0.1", 0))
    kept_sockets.keep("mine", kept)
    print("port", kept.getsockname()[1], flush=True)
    time.sleep(1000)
kept.setblocking(True)
print("heard", kept.recv(100).decode(), flush=True)
time.sleep(1000)
"""


def test_a_socket_that_is_given_away_hears_while_its_part_is_dead(folder: Path) -> None:
    command = (sys.executable, "-c", LISTENS)
    log = folder / "part.log"
    supervisor.launch(folder, [Part("part", command, str(log), 0, {}, gives_sockets=True)])
    eventually(lambda: log.exists() and log.read_text().startswith("port "))
    first = pid_of(folder, "part")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", int(log.read_text().split()[1])))
        os.kill(first, signal.SIGKILL)
        eventually(lambda: start_time(first) is None)
        client.send(b"a question")
    eventually(lambda: "heard a question" in log.read_text())
    supervisor.stop(folder)
    assert not list(folder.glob("*.notify"))


def test_a_second_supervisor_leaves_at_once(folder: Path) -> None:
    parts = [shell(folder, "part", "exec sleep 1000")]
    supervisor.launch(folder, parts)
    eventually(lambda: pid_of(folder, "part") > 0)
    part = pid_of(folder, "part")
    supervisor.launch(folder, parts)
    eventually(lambda: "another supervisor runs" in (folder / "supervisor.log").read_text())
    assert pid_of(folder, "part") == part


def test_a_program_that_does_not_exist_is_tried_again(folder: Path) -> None:
    program = folder / "program"
    supervisor.launch(folder, [Part("part", (str(program),), str(folder / "part.log"), 0, {})])
    eventually(lambda: "No such file" in (folder / "supervisor.log").read_text())
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    eventually(lambda: pid_of(folder, "part") > 0)


def test_a_pid_that_is_another_process_now_is_never_touched(folder: Path) -> None:
    with subprocess.Popen(["sleep", "1000"]) as other:
        started = start_time(other.pid)
        assert started is not None
        stale = supervisor.part.Running(other.pid, started - 1, 0.0, 0, ())
        assert not is_alive(stale)
        end([stale], 1.0)
        assert other.poll() is None
        other.kill()
