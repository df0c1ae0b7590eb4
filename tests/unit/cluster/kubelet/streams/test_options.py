"""What the query of an exec or attach asks for."""

from __future__ import annotations

import pytest
from multidict import MultiDict

from proa.cluster.kubelet.streams.options import ExecOptions, StreamOptions
from proa.errors import BadRequest


def test_a_command_keeps_its_words_and_their_order() -> None:
    query = MultiDict([("command", "ls"), ("command", ""), ("command", "ls"), ("output", "true")])
    assert ExecOptions.parse(query).command == ["ls", "", "ls"]


def test_streams_are_asked_for_one_by_one() -> None:
    assert StreamOptions.parse(MultiDict(input="1", output="true", error="0")) == StreamOptions(
        stdin=True, stdout=True, stderr=False, tty=False
    )


def test_a_terminal_is_always_shown_and_has_no_stderr() -> None:
    assert StreamOptions.parse(MultiDict(input="1", error="1", tty="1")) == StreamOptions(
        stdin=True, stdout=True, stderr=False, tty=True
    )


def test_no_stream_and_no_command_are_refused() -> None:
    with pytest.raises(BadRequest, match="at least 1 of stdin, stdout, stderr"):
        StreamOptions.parse(MultiDict(tty="1"))
    with pytest.raises(BadRequest, match="you must specify a command"):
        ExecOptions.parse(MultiDict(output="1"))
