"""The protobuf wire format: varints, keys and length-delimited values.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator

VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5

_WORD = (1 << 64) - 1


class DecodeError(ValueError):
    """The bytes are not a protobuf message of the expected shape."""


def encode_varint(value: int) -> bytes:
    """Encode an integer of up to 64 bits; a negative one takes ten bytes (two's complement)."""
    value &= _WORD
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode_varint(data: bytes, position: int) -> tuple[int, int]:
    """Return the unsigned integer at `position` and the position after it."""
    result = shift = 0
    while shift < 70:
        try:
            byte = data[position]
        except IndexError:
            raise DecodeError("truncated varint") from None
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & _WORD, position
        shift += 7
    raise DecodeError("varint longer than ten bytes")


def encode_key(number: int, wire_type: int) -> bytes:
    """Encode a field number together with the wire type of its value."""
    return encode_varint(number << 3 | wire_type)


def fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Yield (field number, wire type, raw value) for each field of a message.

    Varints come as unsigned integers, everything else as bytes.
    """
    position, end = 0, len(data)
    while position < end:
        key, position = decode_varint(data, position)
        number, wire_type = key >> 3, key & 7
        if number == 0:
            raise DecodeError("field number 0")
        if wire_type == VARINT:
            value, position = decode_varint(data, position)
            yield number, wire_type, value
            continue
        size, position = _size(data, position, wire_type)
        if position + size > end:
            raise DecodeError(f"field {number} is truncated")
        yield number, wire_type, data[position : position + size]
        position += size


def _size(data: bytes, position: int, wire_type: int) -> tuple[int, int]:
    if wire_type == LENGTH_DELIMITED:
        return decode_varint(data, position)
    if wire_type == FIXED64:
        return 8, position
    if wire_type == FIXED32:
        return 4, position
    raise DecodeError(f"wire type {wire_type} is not supported")
