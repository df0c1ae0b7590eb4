"""Field tables, and the short text in which they are written by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from proa.cluster.protobuf.scalars import SCALARS

MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    `kind` is a scalar kind or "message"; then `message` names the table. For a map it
    is the kind of the values, and keys are strings.
    """

    name: str
    kind: str
    repeated: bool = False
    map: bool = False
    message: str = ""


Table = Mapping[int, Field]


def messages(declarations: Mapping[str, str]) -> dict[str, dict[int, Field]]:
    """Parse hand-written tables: message name -> "number name type; number name type; ...".

    A type is a scalar kind (int32 int64 uint32 uint64 enum bool string bytes double float)
    or a message of the same declarations; `T[]` is repeated, `map<T>` has string keys:

        messages({"Pod": "1 name string; 2 labels map<string>; 3 containers Container[]",
                  "Container": "1 name string"})

    Raises ValueError for an unknown type and for a number or name given twice.
    """
    return {name: _table(name, text, declarations) for name, text in declarations.items()}


def _table(message: str, text: str, known: Iterable[str]) -> dict[int, Field]:
    table: dict[int, Field] = {}
    for declaration in filter(None, map(str.strip, text.split(";"))):
        number, name, type_ = declaration.split()
        if int(number) in table or any(field.name == name for field in table.values()):
            raise ValueError(f"{message}: field {declaration!r} is declared twice")
        table[int(number)] = _field(message, name, type_, known)
    return table


def _field(message: str, name: str, type_: str, known: Iterable[str]) -> Field:
    repeated, is_map = type_.endswith("[]"), type_.startswith("map<")
    base = type_[:-2] if repeated else type_[4:-1] if is_map else type_
    if base in SCALARS:
        return Field(name, base, repeated, is_map)
    if base not in known:
        raise ValueError(f"{message}.{name}: unknown type {base!r}")
    return Field(name, MESSAGE, repeated, is_map, base)
