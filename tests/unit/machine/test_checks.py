from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from proa.errors import MissingProgram, UserError
from proa.machine import checks


def test_a_taken_port_names_who_has_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError) as caught:
            checks.check_port("127.0.0.1", port, "--https-listen-port")
    name = Path(f"/proc/{os.getpid()}/comm").read_text().strip()
    remedy = "stop it or choose another port with --https-listen-port"
    assert str(caught.value) == f"port {port} is taken by {name} (pid {os.getpid()}): {remedy}"


def test_a_free_port_is_fine() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    checks.check_port("127.0.0.1", port)
    assert checks.owner_of_port(port) is None


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PROGRAMS", {"no-such-program": "its-package"})
    with pytest.raises(MissingProgram) as caught:
        checks.check_programs()
    assert str(caught.value) == "no-such-program is not installed: apt-get install its-package"


def test_without_root_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UserError, match="needs root"):
        checks.check_root()
