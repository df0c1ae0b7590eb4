"""What a client asks of exec and attach (source: kubelet, pkg/cri/streaming/remotecommand)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from proa.errors import BadRequest


class Query(Protocol):
    """Parameters, each of which may be given several times."""

    def get(self, key: str, default: str, /) -> str: ...
    def getall(self, key: str, default: list[str], /) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Streams to connect. A terminal is always shown, and has no stderr of its own."""

    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool

    @classmethod
    def parse(cls, query: Query) -> StreamOptions:
        """From `input`, `output`, `error` and `tty`. Raises BadRequest when no stream is asked for."""
        stdin, stdout, stderr, tty = (_is_true(query, name) for name in ("input", "output", "error", "tty"))
        if not (stdin or stdout or stderr):
            raise BadRequest("you must specify at least 1 of stdin, stdout, stderr")
        return cls(stdin, stdout or tty, stderr and not tty, tty)


@dataclass(frozen=True, slots=True)
class ExecOptions:
    """A command and its streams."""

    command: list[str]
    streams: StreamOptions

    @classmethod
    def parse(cls, query: Query) -> ExecOptions:
        """Raises BadRequest."""
        command = query.getall("command", [])
        if not command:
            raise BadRequest("you must specify a command")
        return cls(command, StreamOptions.parse(query))


def _is_true(query: Query, name: str) -> bool:
    return query.get(name, "") in ("1", "true")
