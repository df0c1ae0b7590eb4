"""Frames of SPDY, as the specification draws them."""

from __future__ import annotations

import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.kubelet.streams import spdy
from proa.cluster.kubelet.streams.spdy import Head, Kind


@given(stream=st.integers(1, (1 << 31) - 1), data=st.binary(max_size=2000), final=st.booleans())
def test_data_comes_out_as_it_went_in(stream: int, data: bytes, final: bool) -> None:
    frame = spdy.data_frame(stream, data, final=final)
    assert spdy.parse_head(frame[: spdy.HEAD_SIZE]) == Head(Kind.DATA, stream, final, len(data))
    assert frame[spdy.HEAD_SIZE :] == data


def test_streams_share_one_compression() -> None:
    opener, inflater = spdy.Opener(), zlib.decompressobj()
    for number, name in ((1, b"error"), (3, b"stdout")):
        frame = opener.syn_stream(number, {"streamType": name.decode()})
        assert frame[:4] == b"\x80\x03\x00\x01"
        assert spdy.parse_head(frame[:8]) == Head(Kind.SYN_STREAM, 0, False, len(frame) - 8)
        assert spdy.stream_of(frame[8:]) == number
        expected = struct.pack(">II", 1, 10) + b"streamtype" + struct.pack(">I", len(name)) + name
        assert inflater.decompress(frame[18:]) == expected


def test_a_ping_is_sent_back() -> None:
    assert spdy.ping_frame(b"\0\0\0\2") == b"\x80\x03\x00\x06\x00\x00\x00\x04\x00\x00\x00\x02"


def test_a_reset_names_its_stream() -> None:
    head = spdy.parse_head(b"\x80\x03\x00\x03\x00\x00\x00\x08")
    assert head == Head(Kind.RST_STREAM, 0, False, 8)
    assert spdy.stream_of(b"\0\0\0\5\0\0\0\1") == 5
