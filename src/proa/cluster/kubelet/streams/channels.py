"""Several streams in one WebSocket: a message's first byte names the channel it belongs to. Pure.

Source: apimachinery, pkg/util/remotecommand and pkg/util/httpstream/wsstream. v5.channel.k8s.io is v4
with one more message, by which a client says that a stream, as its stdin, has ended.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum

from proa.errors import InternalError
from proa.kube import Object

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
"""What we speak, best first."""


class Channel(IntEnum):
    STDIN = 0
    STDOUT = 1
    STDERR = 2
    ERROR = 3
    """One Status, at the end."""
    RESIZE = 4
    CLOSE = 255
    """The byte that follows is the channel that has ended."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. `channel` is a number that may be none of `Channel`."""

    channel: int
    data: bytes

    def encode(self) -> bytes:
        """The message on the wire."""
        return bytes((self.channel,)) + self.data

    @property
    def ends_stdin(self) -> bool:
        """Whether the client has nothing more to send to the process."""
        return self.channel == Channel.CLOSE and self.data == bytes((Channel.STDIN,))


def decode(message: bytes) -> Frame | None:
    """The frame in a message; None for an empty message, which means nothing."""
    return Frame(message[0], message[1:]) if message else None


def terminal_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a RESIZE frame; None when it holds no size."""
    try:
        size = json.loads(data)
        width, height = int(size["Width"]), int(size["Height"])
    except (ValueError, KeyError, TypeError):
        return None
    return (width, height) if 0 < width < 1 << 16 and 0 < height < 1 << 16 else None


def exit_status(code: int) -> Object:
    """The Status that tells a client how its command ended."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "reason": "NonZeroExitCode",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def failure_status(message: str) -> Object:
    """The Status for a command that could not be run."""
    return InternalError(f"Internal error occurred: {message}").status()


def status_frame(status: Object) -> Frame:
    """A Status as the last frame."""
    return Frame(Channel.ERROR, json.dumps(status).encode())
