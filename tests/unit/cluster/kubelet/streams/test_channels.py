"""Frames, sizes and Statuses of exec and attach."""

from __future__ import annotations

import json

import pytest

from proa.cluster.kubelet.streams.channels import (
    Channel,
    Frame,
    decode,
    decode_text,
    exit_status,
    failure_status,
    in_words,
    status_frame,
    terminal_size,
)


def test_a_frame_is_a_channel_and_its_data() -> None:
    assert Frame(Channel.STDOUT, b"ab").encode() == b"\x01ab"
    assert decode(b"\x00in") == Frame(Channel.STDIN, b"in")
    assert decode(b"\x03") == Frame(Channel.ERROR, b"")
    assert decode(b"") is None


@pytest.mark.parametrize(
    ("message", "ends"),
    [(b"\xff\x00", True), (b"\xff\x01", False), (b"\xff", False), (b"\x00\x00", False)],
    ids=["stdin", "another stream", "no stream", "data"],
)
def test_only_the_close_of_stdin_ends_stdin(message: bytes, ends: bool) -> None:
    frame = decode(message)
    assert frame is not None
    assert frame.ends_stdin is ends


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b'{"Width":99,"Height":33}', (99, 33)),
        (b'{"Width":0,"Height":33}', None),
        (b'{"Width":70000,"Height":33}', None),
        (b'{"Width":99}', None),
        (b'{"Width":null,"Height":1}', None),
        (b"[]", None),
        (b"\xff", None),
    ],
    ids=["a size", "no width", "too wide", "no height", "null", "a list", "no JSON"],
)
def test_terminal_sizes(data: bytes, size: tuple[int, int] | None) -> None:
    assert terminal_size(data) == size


def test_how_a_command_ended() -> None:
    assert exit_status(0)["status"] == "Success"
    failed = exit_status(3)
    assert (failed["status"], failed["reason"]) == ("Failure", "NonZeroExitCode")
    assert failed["details"]["causes"] == [{"reason": "ExitCode", "message": "3"}]
    assert failure_status("no such file")["message"] == "Internal error occurred: no such file"
    frame = status_frame(failed)
    assert (frame.channel, json.loads(frame.data)) == (Channel.ERROR, failed)


def test_a_frame_in_base64_is_text() -> None:
    assert Frame(Channel.STDOUT, b"\xff\x00").encode_text() == "1/wA="
    assert decode_text("0aW4=") == Frame(Channel.STDIN, b"in")


@pytest.mark.parametrize("message", ["", "x", "0%", "\ufffd"])
def test_what_is_no_base64_means_nothing(message: str) -> None:
    assert decode_text(message) is None


def test_before_v4_an_end_is_told_in_words_or_not_at_all() -> None:
    failed = in_words(status_frame(exit_status(3)))
    assert failed == Frame(Channel.ERROR, b"command terminated with non-zero exit code: exit status 3")
    assert in_words(status_frame(exit_status(0))) is None
    assert in_words(Frame(Channel.STDOUT, b"x")) == Frame(Channel.STDOUT, b"x")
