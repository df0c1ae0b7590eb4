"""The command as a person types it, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def proa(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "proa", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


def test_help_names_every_command() -> None:
    result = proa("--help")
    assert result.returncode == 0
    words = result.stdout.split()
    for command in ("up", "down", "status", "server", "agent", "kubectl", "images", "version"):
        assert command in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("up", "--flannel-backend", "foo"), "--flannel-backend: 'foo' is not allowed: give one of vxlan"),
        (("up", "--nodes", "x"), "Invalid value for '--nodes'"),
        (("up", "--nosuch"), "No such option: --nosuch"),
        (("bogus",), "No such command 'bogus'"),
        (("up", "--config", "/nonexistent"), "/nonexistent: no such file"),
        (("images", "import"), "Missing argument 'FILE'"),
    ],
)
def test_bad_input_is_one_line_without_a_traceback(arguments: tuple[str, ...], words: str) -> None:
    result = proa(*arguments)
    assert result.returncode == 1
    assert result.stderr.startswith("proa: ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_status_without_a_cluster(tmp_path: Path) -> None:
    result = proa("status", "--run-dir", str(tmp_path))
    assert (result.returncode, result.stdout) == (3, "proa is not running: start it with proa up\n")


def test_version() -> None:
    assert proa("version").stdout == "proa 0.1.0 (Kubernetes v1.37.2+proa)\n"


def test_the_command_line_is_not_loaded_with_what_a_command_needs() -> None:
    script = "import sys, proa.cli.app; print({'aiohttp', 'grpc', 'cryptography', 'yaml'} & {*sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert loaded.stdout == "set()\n"


def test_the_supervisor_loads_the_standard_library_only() -> None:
    script = """
import sys
before = {*sys.modules}
import proa.supervisor.__main__
roots = {name.split('.')[0] for name in {*sys.modules} - before} - {*sys.stdlib_module_names}
print(sorted(name for name in roots if not name.startswith('_')))
"""
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert loaded.stdout == "['proa']\n"
