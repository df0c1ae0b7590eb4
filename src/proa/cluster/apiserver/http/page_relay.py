"""Pages on their way through a proxy: their links are made to lead through it too."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Mapping

import aiohttp
from aiohttp import hdrs, web

from proa.cluster.apiserver.http.page_links import Prefix
from proa.cluster.apiserver.http.relaying import relay

_LARGEST = 8 << 20
"""Bytes of a page, as sent and unpacked; links of a larger one stay as they are."""


def _gunzip(data: bytes) -> bytes:
    return _inflate(data, 16 + zlib.MAX_WBITS)


def _inflate(data: bytes, bits: int) -> bytes:
    """Raises ValueError for what is no such data, not all of it, or too much."""
    unpacker = zlib.decompressobj(bits)
    try:
        text = unpacker.decompress(data, _LARGEST)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not unpacker.eof:
        raise ValueError("cut off, or too large")
    return text


def _unchanged(data: bytes) -> bytes:
    return data


_ENCODINGS: Mapping[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "": (_unchanged, _unchanged),
    "gzip": (_gunzip, gzip.compress),
}
"""Encoding -> how to unpack and to pack."""


def is_page(answer: web.StreamResponse) -> bool:
    """Whether what follows is HTML that can be read."""
    kind = answer.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip()
    return kind == "text/html" and answer.headers.get(hdrs.CONTENT_ENCODING, "") in _ENCODINGS


async def relay_page(
    request: web.BaseRequest, response: aiohttp.ClientResponse, answer: web.StreamResponse, prefix: Prefix
) -> None:
    """Send the other end's page with its links changed; as it comes when it is too large for that."""
    pieces = response.content.iter_any()
    page, whole = await _read(pieces)
    if not whole or request.method == hdrs.METH_HEAD:
        await relay(request, _chain(page, pieces), answer)
        return
    changed = _changed(page, answer.headers.get(hdrs.CONTENT_ENCODING, ""), prefix)
    answer.headers[hdrs.CONTENT_LENGTH] = str(len(changed))
    await relay(request, _chain(changed, pieces), answer)


def _changed(page: bytes, encoding: str, prefix: Prefix) -> bytes:
    unpack, pack = _ENCODINGS[encoding]
    try:
        return pack(prefix.page(unpack(page)))
    except ValueError:
        return page


async def _read(pieces: AsyncIterator[bytes]) -> tuple[bytes, bool]:
    """The beginning, and whether that is all."""
    page = bytearray()
    async for piece in pieces:
        page += piece
        if len(page) > _LARGEST:
            return bytes(page), False
    return bytes(page), True


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
