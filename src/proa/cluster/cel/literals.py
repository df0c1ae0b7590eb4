"""From the text of a string or bytes literal to its value.

Source: the CEL language definition, section on string and bytes values.
"""

from __future__ import annotations

import re

_SIMPLE = {
    "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11,
    '"': 34, "'": 39, "\\": 92, "?": 63, "`": 96,
}  # fmt: skip
_ESCAPE = re.compile(r"\\(?:([abfnrtv\"'\\?`])|([0-3][0-7]{2})|[xX]([0-9a-fA-F]{2})|u(.{4})|U(.{8}))")


def string_value(text: str) -> str:
    """The value of a string literal. Raises ValueError with cel-go's words."""
    body, raw = _body(text)
    return body if raw else _ESCAPE.sub(lambda match: chr(_code_point(match, in_bytes=False)), body)


def bytes_value(text: str) -> bytes:
    """The value of a bytes literal, without its leading b. Raises ValueError with cel-go's words."""
    body, raw = _body(text)
    if raw:
        return body.encode()
    result, position = bytearray(), 0
    for match in _ESCAPE.finditer(body):
        result += body[position : match.start()].encode()
        result.append(_code_point(match, in_bytes=True))
        position = match.end()
    return bytes(result + body[position:].encode())


def _body(text: str) -> tuple[str, bool]:
    raw = text[0] in "rR"
    text = text.replace("\r\n", "\n").replace("\r", "\n")[raw:]
    quote = 3 if len(text) >= 6 and text[:3] in ('"""', "'''") else 1
    return text[quote:-quote], raw


def _code_point(match: re.Match[str], *, in_bytes: bool) -> int:
    simple, octal, hexadecimal, short, long = match.groups()
    if simple:
        return _SIMPLE[simple]
    if octal:
        return int(octal, 8)
    if hexadecimal:
        return int(hexadecimal, 16)
    if in_bytes:
        raise ValueError("unable to unescape string")
    value = int(short or long, 16)
    if value > 0x10FFFF or 0xD800 <= value < 0xE000:
        raise ValueError("invalid unicode code point")
    return value
