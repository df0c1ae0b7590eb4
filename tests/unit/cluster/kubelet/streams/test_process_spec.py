"""The process of an exec beside the container's own."""

from __future__ import annotations

from proa.cluster.kubelet.streams.process_spec import exec_process

OWN = {
    "args": ["/bin/server"],
    "cwd": "/srv",
    "env": ["PATH=/bin", "TERM=dumb"],
    "user": {"uid": 1000, "gid": 1000},
    "capabilities": {"bounding": ["CAP_KILL"]},
    "noNewPrivileges": True,
}


def test_only_arguments_and_terminal_are_other_than_the_containers() -> None:
    assert exec_process(OWN, ["ls", "-l"], tty=False) == OWN | {"args": ["ls", "-l"], "terminal": False}


def test_a_terminal_has_a_type() -> None:
    process = exec_process(OWN, ["sh"], tty=True)
    assert (process["terminal"], process["env"]) == (True, ["PATH=/bin", "TERM=xterm"])


def test_the_containers_own_terminal_is_not_passed_on() -> None:
    own = OWN | {"terminal": True, "consoleSize": {"height": 1, "width": 1}}
    assert exec_process(own, ["ls"], tty=False) == OWN | {"args": ["ls"], "terminal": False}
