"""Messages to plain dicts and back, driven by field tables."""

from collections.abc import Mapping
from typing import Any

from proa.cluster.protobuf.field import MESSAGE, Field, Table
from proa.cluster.protobuf.scalars import SCALARS
from proa.cluster.protobuf.wire import (
    LENGTH_DELIMITED,
    VARINT,
    DecodeError,
    decode_varint,
    encode_key,
    encode_varint,
    fields,
)


class Codec:
    """Encode and decode the messages of one set of tables by proto3 rules.

    Encoding leaves out scalars that equal their default, and None; unknown keys raise
    ValueError. Decoding skips unknown field numbers. Absent fields stay absent from the
    dict, unless `fill_defaults` is set: then scalars, lists and maps get their empty
    value, and only absent messages stay absent.
    """

    def __init__(self, messages: Mapping[str, Table], *, fill_defaults: bool = False) -> None:
        self._messages = messages
        self._fill_defaults = fill_defaults
        self._by_name: dict[str, dict[str, tuple[int, Field]]] = {}

    def table(self, message: str) -> Table:
        """The fields of a message by number. Raises KeyError when it is unknown."""
        return self._messages[message]

    def encode(self, message: str, value: Mapping[str, Any]) -> bytes:
        """Encode a dict as the named message."""
        table = self._named(message)
        out = bytearray()
        for name, item in value.items():
            if name not in table:
                raise ValueError(f"{message} has no field {name!r}")
            if item is not None:
                number, field = table[name]
                out += self._encode_field(number, field, item)
        return bytes(out)

    def decode(self, message: str, data: bytes) -> dict[str, Any]:
        """Decode the bytes of the named message; raises DecodeError when they do not fit."""
        table = self._messages[message]
        result = self._defaults(table) if self._fill_defaults else {}
        for number, wire_type, raw in fields(data):
            field = table.get(number)
            if field is not None:
                self.store(result, field, wire_type, raw)
        return result

    def store(self, result: dict[str, Any], field: Field, wire_type: int, raw: int | bytes) -> None:
        """Put one decoded field into the dict; subclasses adapt the shape here."""
        if field.map:
            key, item = self._decode_entry(field, _delimited(field, raw))
            result.setdefault(field.name, {})[key] = item
        elif field.repeated:
            result.setdefault(field.name, []).extend(self._decode_many(field, wire_type, raw))
        else:
            result[field.name] = self.decode_value(field, wire_type, raw)

    def decode_value(self, field: Field, wire_type: int, raw: int | bytes) -> Any:
        """Decode one value of the field's kind."""
        if field.kind == MESSAGE:
            return self.decode(field.message, _delimited(field, raw))
        scalar = SCALARS[field.kind]
        if wire_type != scalar.wire_type:
            raise DecodeError(f"field {field.name} has wire type {wire_type}, not {scalar.wire_type}")
        return scalar.unpack(raw)

    def _decode_many(self, field: Field, wire_type: int, raw: int | bytes) -> list[Any]:
        packed = field.kind != MESSAGE and wire_type == LENGTH_DELIMITED
        if not packed or SCALARS[field.kind].wire_type != VARINT:
            return [self.decode_value(field, wire_type, raw)]
        data, position, items = _delimited(field, raw), 0, []
        while position < len(data):
            number, position = decode_varint(data, position)
            items.append(SCALARS[field.kind].unpack(number))
        return items

    def _decode_entry(self, field: Field, data: bytes) -> tuple[str, Any]:
        key, value = "", {} if field.kind == MESSAGE else SCALARS[field.kind].default
        for number, wire_type, raw in fields(data):
            if number == 1:
                key = SCALARS["string"].unpack(raw)
            elif number == 2:
                value = self.decode_value(field, wire_type, raw)
        return key, value

    def _encode_field(self, number: int, field: Field, value: Any) -> bytes:
        if field.map:
            entries = (self._encode_entry(field, key, item) for key, item in value.items())
            return b"".join(_prefixed(number, entry) for entry in entries)
        if field.repeated:
            return b"".join(self._encode_value(number, field, item) for item in value)
        if field.kind != MESSAGE and value == SCALARS[field.kind].default:
            return b""
        return self._encode_value(number, field, value)

    def _encode_entry(self, field: Field, key: str, value: Any) -> bytes:
        return _prefixed(1, key.encode()) + self._encode_value(2, field, value)

    def _encode_value(self, number: int, field: Field, value: Any) -> bytes:
        if field.kind == MESSAGE:
            return _prefixed(number, self.encode(field.message, value))
        scalar = SCALARS[field.kind]
        if scalar.wire_type == LENGTH_DELIMITED:
            return _prefixed(number, scalar.pack(value))
        return encode_key(number, scalar.wire_type) + scalar.pack(value)

    def _named(self, message: str) -> dict[str, tuple[int, Field]]:
        if message not in self._by_name:
            table = self._messages[message]
            self._by_name[message] = {field.name: (number, field) for number, field in table.items()}
        return self._by_name[message]

    def _defaults(self, table: Table) -> dict[str, Any]:
        return {f.name: _empty(f) for f in table.values() if f.map or f.repeated or f.kind != MESSAGE}


def _empty(field: Field) -> Any:
    if field.map:
        return {}
    return [] if field.repeated else SCALARS[field.kind].default


def _prefixed(number: int, data: bytes) -> bytes:
    return encode_key(number, LENGTH_DELIMITED) + encode_varint(len(data)) + data


def _delimited(field: Field, raw: int | bytes) -> bytes:
    if isinstance(raw, int):
        raise DecodeError(f"field {field.name} is a number where bytes were expected")
    return raw
