"""Several streams in one WebSocket: a message's first byte names the channel it belongs to. Pure.

Source: apimachinery, pkg/util/remotecommand and pkg/util/httpstream/wsstream. v5.channel.k8s.io is v4
with one more message, by which a client says that a stream, as its stdin, has ended. Those before v4 end
with words instead of a Status. With base64, messages are text: the channel's digit, then the data encoded.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from enum import IntEnum

from proa.errors import InternalError
from proa.kube import Object

PROTOCOLS = (
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "v4.base64.channel.k8s.io",
    "channel.k8s.io",
    "base64.channel.k8s.io",
    "",
)
"""What we speak, best first; a client that names none speaks `channel.k8s.io`."""


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

    def encode_text(self) -> str:
        """The message on the wire, with base64."""
        return f"{int(self.channel)}{base64.b64encode(self.data).decode()}"

    @property
    def ends_stdin(self) -> bool:
        """Whether the client has nothing more to send to the process."""
        return self.channel == Channel.CLOSE and self.data == bytes((Channel.STDIN,))


def decode(message: bytes) -> Frame | None:
    """The frame in a message; None for an empty message, which means nothing."""
    return Frame(message[0], message[1:]) if message else None


def decode_text(message: str) -> Frame | None:
    """The frame in a message with base64; None for one that means nothing."""
    if not message[:1].isdecimal():
        return None
    try:
        return Frame(int(message[0]), base64.b64decode(message[1:], validate=True))
    except binascii.Error:
        return None


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


def in_words(frame: Frame) -> Frame | None:
    """A frame as protocols before v4 have it: of a Status its message; None when there is nothing to say."""
    if frame.channel != Channel.ERROR:
        return frame
    status = json.loads(frame.data)
    return None if status["status"] == "Success" else Frame(Channel.ERROR, status["message"].encode())
