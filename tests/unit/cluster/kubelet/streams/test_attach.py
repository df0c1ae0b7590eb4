"""Which connections carry what of an attach, and how it ends."""

from __future__ import annotations

import json

import pytest

from proa.cluster.kubelet.streams.attach import channels, closing_frame, connections_for
from proa.cluster.kubelet.streams.channels import Channel
from proa.cluster.kubelet.streams.options import StreamOptions

ALL = StreamOptions(stdin=True, stdout=True, stderr=True, tty=False)
TERMINAL = StreamOptions(stdin=True, stdout=True, stderr=False, tty=True)
LOOKING = StreamOptions(stdin=False, stdout=True, stderr=True, tty=False)
SUCCESS = b'{"metadata":{},"status":"Success"}'
FAILURE = b'{"status":"Failure","message":"container is in EXITED state"}'

CASES = {
    "stdinOnce": (ALL, True, ["ERROR STDIN STDOUT STDERR"]),
    "stdin that goes on": (ALL, False, ["ERROR STDERR", "ERROR STDIN STDOUT"]),
    "a terminal": (TERMINAL, False, ["ERROR STDIN STDOUT RESIZE"]),
    "only looking": (LOOKING, False, ["ERROR STDOUT STDERR"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_each_connection_carries(case: str) -> None:
    options, once, expected = CASES[case]
    parts = connections_for(options, stdin_once=once)
    assert [" ".join(channel.name for channel in channels(part)) for part in parts] == expected


@pytest.mark.parametrize("verdicts", [[FAILURE, SUCCESS], [SUCCESS, FAILURE], [FAILURE]])
def test_a_complaint_is_passed_on(verdicts: list[bytes]) -> None:
    frame = closing_frame(verdicts)
    assert (frame.channel, frame.data) == (Channel.ERROR, FAILURE)


def test_success_is_said_once() -> None:
    assert closing_frame([SUCCESS, SUCCESS]).data == SUCCESS


def test_a_runtime_that_goes_is_no_success() -> None:
    status = json.loads(closing_frame([SUCCESS, b""]).data)
    assert (status["status"], status["code"]) == ("Failure", 500)
    assert "the runtime ended the connection" in status["message"]
